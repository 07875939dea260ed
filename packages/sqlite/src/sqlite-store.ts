import { resolve } from 'node:path'
import {
  type ContextStore,
  createStoreWithSync,
  type HasSync,
  InvalidOptionError,
  type StoreOptions,
} from '@context-store/core'
import { backUp } from './backup.ts'
import { GroupCommit } from './group-commit.ts'
import { asyncAdapter, syncAdapter } from './sqlite-adapter.ts'
import { SqliteConnection, type SqliteSource } from './sqlite-connection.ts'
import type { SqliteDatabase } from './sqlite-driver.ts'

/** Where the sessions are kept, and how safely. */
export type SqliteStoreOptions = StoreOptions & {
  /**
   * `full`, the default: an awaited write has been synced to the disk and survives the machine. `relaxed`: it
   * survives the process; a power cut may take the last writes, and damages nothing.
   */
  readonly durability?: 'full' | 'relaxed' | undefined
} & (
    | {
        /** The file; begun where it is missing, in a folder that is there. Opened at the first call. */
        readonly path: string
        /** Not along with `path`. */
        readonly database?: undefined
      }
    | {
        /**
         * An open database, of better-sqlite3 or `DatabaseSync` of `node:sqlite`; other tables may be in it. The
         * store sets its journal mode, its `synchronous` and its busy timeout, and does not close it.
         */
        readonly database: SqliteDatabase
        /** Not along with `database`. */
        readonly path?: undefined
      }
  )

/** A store in a SQLite file. */
export interface SqliteStore extends ContextStore, HasSync {
  /**
   * Copies the whole database into a new file: every write made before the call, as of one instant, compacted.
   * Other tables of a caller's database are copied along.
   *
   * @throws `InvalidOptionError` where there is a file already; it is left as it is
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
 * The calls of one turn of the event loop share a transaction, so many at a time are much faster than one after
 * the other. The file is opened at the first call; `ready()` tells whether it can be.
 *
 * @throws `InvalidOptionError` for an option that cannot be
 * @example
 * ```ts
 * const store = sqliteStore({ path: 'sessions.db' })
 * await store.account('577089').namespace('orders').session('42').patch({ step: 1 })
 * ```
 */
export function sqliteStore(options: SqliteStoreOptions): SqliteStore {
  const connection = new SqliteConnection(sourceOf(options), synchronousOf(options.durability))
  const group = new GroupCommit(connection)
  const store = createStoreWithSync(asyncAdapter(connection, group), syncAdapter(connection, group), options)
  return Object.assign(store, {
    async backup(path: string): Promise<void> {
      if (typeof path !== 'string' || path === '')
        throw new InvalidOptionError('path: the name of a new file')
      // Behind every write that waits, and refused by a store that is closed.
      await store.ready()
      await backUp(connection, resolve(path))
    },
  })
}

function sourceOf(options: SqliteStoreOptions): SqliteSource {
  const { path, database } = options ?? {}
  if ((path === undefined) === (database === undefined)) {
    throw new InvalidOptionError('either { path }, the name of a file, or { database }, an open one')
  }
  if (database !== undefined) {
    if (typeof database?.exec === 'function' && typeof database.prepare === 'function') return { database }
    throw new InvalidOptionError('database: an open one of better-sqlite3 or node:sqlite')
  }
  if (typeof path !== 'string' || path === '') throw new InvalidOptionError('path: the name of a file')
  // Opened later, and then still meant as of now.
  return { path: path === ':memory:' ? path : resolve(path) }
}

function synchronousOf(durability: unknown): 'FULL' | 'NORMAL' {
  if (durability === undefined || durability === 'full') return 'FULL'
  if (durability === 'relaxed') return 'NORMAL'
  throw new InvalidOptionError("durability: 'full' or 'relaxed'")
}
