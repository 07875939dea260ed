import { type ContextStore, InvalidOptionError, type StoreOptions } from '@context-store/core'
import { checkedOptions, createStore, storeOptionNames } from '@context-store/core/adapter'
import { IndexedDbAdapter } from './indexed-db-adapter.ts'
import { IndexedDbConnection } from './indexed-db-connection.ts'

/** The options of {@link indexedDbStore}. */
export interface IndexedDbStoreOptions extends StoreOptions {
  /** The name of a database of this origin, created if missing. It must contain nothing else. */
  readonly name: string
  /**
   * `full`, the default: an awaited write has been flushed to the disk. `relaxed`: it survives the end of the page and
   * of the browser process; a power cut may lose the last writes, but damages nothing. These are IndexedDB's `strict`
   * and `relaxed` (w3.org/TR/IndexedDB-3, "durability hint").
   */
  readonly durability?: 'full' | 'relaxed' | undefined
}

/**
 * A store in the browser's IndexedDB, for pages, workers and service workers: any number of them may use one database
 * at the same time.
 *
 * The writes of one tick share a transaction, so concurrent writes are much faster than one after the other. The
 * database is opened at the first call; `ready()` checks that it can be.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @example
 * ```ts
 * const store = indexedDbStore({ name: 'visits' })
 * await store.account('577089').namespace('orders').session('42').patch({ step: 1 })
 * ```
 */
export function indexedDbStore(options: IndexedDbStoreOptions): ContextStore {
  const { name, durability, ...rest } = checkedOptions<Partial<IndexedDbStoreOptions>>(
    options,
    [...storeOptionNames, 'name', 'durability'],
    'indexedDbStore',
  )
  if (typeof name !== 'string' || name === '' || !name.isWellFormed()) {
    throw new InvalidOptionError(
      'name: must be the name of a database, a non-empty string of well-formed Unicode',
    )
  }
  const connection = new IndexedDbConnection(name, durabilityOf(durability))
  return createStore((rules) => new IndexedDbAdapter(connection, rules), rest)
}

function durabilityOf(durability: unknown): 'strict' | 'relaxed' {
  if (durability === undefined || durability === 'full') return 'strict'
  if (durability === 'relaxed') return 'relaxed'
  throw new InvalidOptionError("durability: must be 'full' or 'relaxed'")
}
