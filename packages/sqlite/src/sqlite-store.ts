import { resolve } from 'node:path'
import { type ContextStore, type HasSync, InvalidOptionError, type StoreOptions } from '@context-store/core'
import { checkedOptions, createStoreWithSync, storeOptionNames } from '@context-store/core/adapter'
import { backUp } from './backup.ts'
import { SqliteAdapter } from './sqlite-adapter.ts'
import { SqliteConnection, type SqliteSource } from './sqlite-connection.ts'
import type { SqliteDatabase } from './sqlite-driver.ts'

/** Where the sessions are kept, and how safely. */
export type SqliteStoreOptions = StoreOptions & {
  /**
   * `full`, the default: an awaited write has been synced to the disk and survives a power cut. `relaxed`: it survives
   * the process; a power cut may lose the last writes, and damages nothing.
   */
  readonly durability?: 'full' | 'relaxed' | undefined
} & (
    | {
        /** The file; created if it is missing, in a folder that exists. Opened at the first call. */
        readonly path: string
        /** Not together with `path`. */
        readonly database?: undefined
      }
    | {
        /**
         * An open database, of better-sqlite3 or `DatabaseSync` of `node:sqlite`; it may hold other tables. The store
         * sets its journal mode, its `synchronous` and its busy timeout, and does not close it.
         */
        readonly database: SqliteDatabase
        /** Not together with `database`. */
        readonly path?: undefined
      }
  )

/** A store in a SQLite file. */
export interface SqliteStore extends ContextStore, HasSync {
  /**
   * Copies the whole database into a new file: every write made before the call, as of one instant, compacted.
   * Other tables of a caller's database are copied too.
   *
   * @throws `InvalidOptionError` if the file exists already; it is left as it is
   * @example
   * ```ts
   * await store.backup('sessions-2024-06-01.db')
   * ```
   */
  backup(path: string): Promise<void>
}

/**
 * A store in one SQLite file, for one machine: any number of processes may use the file at once.
 *
 * The writes of one tick of the event loop share a transaction, so many at a time are much faster than one after the
 * other. The file is opened at the first call; `ready()` tells whether it can be.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @example
 * ```ts
 * const store = sqliteStore({ path: 'sessions.db' })
 * await store.account('577089').namespace('orders').session('42').patch({ step: 1 })
 * ```
 */
export function sqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { path, database, durability, ...rest } = checkedOptions<Partial<SqliteStoreOptions>>(
    options,
    [...storeOptionNames, 'path', 'database', 'durability'],
    'sqliteStore',
  )
  const connection = new SqliteConnection(sourceOf(path, database), synchronousOf(durability))
  const store = createStoreWithSync((rules) => new SqliteAdapter(connection, rules), rest)
  return Object.assign(store, {
    async backup(path: string): Promise<void> {
      if (typeof path !== 'string' || path === '')
        throw new InvalidOptionError('path: must be the name of a new file')
      // Waits for the writes before it, and is refused by a closed store.
      await store.ready()
      await backUp(connection, resolve(path))
    },
  })
}

function sourceOf(path: string | undefined, database: SqliteDatabase | undefined): SqliteSource {
  if ((path === undefined) === (database === undefined)) {
    throw new InvalidOptionError(
      'pass either { path }, the name of a file, or { database }, an open database',
    )
  }
  if (database !== undefined) {
    if (typeof database?.exec === 'function' && typeof database.prepare === 'function') return { database }
    throw new InvalidOptionError('database: must be an open database of better-sqlite3 or node:sqlite')
  }
  if (typeof path !== 'string' || path === '')
    throw new InvalidOptionError('path: must be the name of a file')
  // Opened later: a relative path is relative to the working directory of now.
  return { path: path === ':memory:' ? path : resolve(path) }
}

function synchronousOf(durability: unknown): 'FULL' | 'NORMAL' {
  if (durability === undefined || durability === 'full') return 'FULL'
  if (durability === 'relaxed') return 'NORMAL'
  throw new InvalidOptionError("durability: must be 'full' or 'relaxed'")
}
