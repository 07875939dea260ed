import { resolve } from 'node:path'
import { type ContextStore, type HasSync, InvalidOptionError, type StoreOptions } from '@context-store/core'
import { checkedOptions, createStoreWithSync, ownCall, storeOptionNames } from '@context-store/core/adapter'
import { backUp } from './backup.ts'
import { SqliteAdapter } from './sqlite-adapter.ts'
import { SqliteConnection, type SqliteSource } from './sqlite-connection.ts'
import type { SqliteDatabase } from './sqlite-driver.ts'

/** The options of {@link sqliteStore}. */
export type SqliteStoreOptions = StoreOptions & {
  /**
   * `full`, the default: an awaited write has been synced to the disk and survives a power cut. `relaxed`: it survives
   * the end of the process; a power cut may lose the last writes, but damages nothing.
   */
  readonly durability?: 'full' | 'relaxed' | undefined
} & (
    | {
        /**
         * The file, opened at the first call and created if missing; its folder must exist. The driver is
         * better-sqlite3, or `node:sqlite` if better-sqlite3 cannot be loaded.
         */
        readonly path: string
        /** Not together with `path`. */
        readonly database?: undefined
      }
    | {
        /**
         * An open database of better-sqlite3, or a `DatabaseSync` of `node:sqlite`; it may contain other tables. The
         * store sets its journal mode, `synchronous` and busy timeout, and does not close it.
         */
        readonly database: SqliteDatabase
        /** Not together with `database`. */
        readonly path?: undefined
      }
  )

/** A store in a SQLite file. */
export interface SqliteStore extends ContextStore, HasSync {
  /**
   * Copies the whole database, including other tables of a caller's `database`, into a new file, which has been synced
   * to the disk when the promise resolves. The copy is compacted, and is a snapshot of the database at one instant after
   * the call: it contains every write made before the call. If the database is a file, a worker thread makes the copy
   * where possible, so that other calls continue. `close()` waits for it.
   *
   * @throws `InvalidOptionError` if the file exists already; it is left as it is
   * @throws `StoreUnavailableError` if the copy fails; no file is left
   * @example
   * ```ts
   * await store.backup('sessions-2024-06-01.db')
   * ```
   */
  backup(path: string): Promise<void>
}

/**
 * A store in one SQLite file, for one machine: any number of processes may use the file at the same time.
 *
 * The writes of one tick of the event loop share a transaction, so concurrent writes are much faster than one after the
 * other. The file is opened at the first call; `ready()` checks that it can be.
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
    backup: (path: string): Promise<void> =>
      ownCall(store, {}, async () => backUp(connection, absoluteFile(path))),
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
  return { path: path === ':memory:' ? path : absoluteFile(path) }
}

/** The absolute path of a file that is opened later, when the working directory may have changed. */
function absoluteFile(path: unknown): string {
  if (typeof path !== 'string' || path === '') {
    throw new InvalidOptionError('path: must be the name of a file')
  }
  // better-sqlite3 removes white space at the end, SQLite everything from U+0000 on: they would open another file.
  if (path !== path.trimEnd() || path.includes('\u0000')) {
    throw new InvalidOptionError('path: must not end with white space or contain U+0000')
  }
  return resolve(path)
}

function synchronousOf(durability: unknown): 'FULL' | 'NORMAL' {
  if (durability === undefined || durability === 'full') return 'FULL'
  if (durability === 'relaxed') return 'NORMAL'
  throw new InvalidOptionError("durability: must be 'full' or 'relaxed'")
}
