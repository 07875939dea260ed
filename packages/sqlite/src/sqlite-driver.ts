import { createRequire } from 'node:module'
import { StoreUnavailableError } from '@context-store/core'

/** What is bound to a statement. */
export type SqliteValue = string | number | bigint | null

/** A prepared statement, by the calls that better-sqlite3 and `node:sqlite` both have. */
export interface SqliteStatement {
  /** The first row, as an object by column names; `undefined`: there is none. */
  get(...values: SqliteValue[]): unknown
  /** Every row. */
  all(...values: SqliteValue[]): unknown[]
  /** Executes it for its effect. */
  run(...values: SqliteValue[]): {
    /** How many rows it changed. */
    readonly changes: number | bigint
    /** The key of the row that was inserted last. */
    readonly lastInsertRowid: number | bigint
  }
}

/** An open database, by the calls that better-sqlite3 and the `DatabaseSync` of `node:sqlite` both have. */
export interface SqliteDatabase {
  /** Executes statements for their effect. */
  exec(sql: string): unknown
  /** Prepares one statement. */
  prepare(sql: string): SqliteStatement
  /** Closes it. */
  close(): unknown
}

/**
 * Opens a file with better-sqlite3, creates it if it is missing.
 *
 * Loaded here and not by an import: with `{ database }` the native module is not needed.
 */
export function openFile(path: string): SqliteDatabase {
  try {
    const Database = createRequire(import.meta.url)('better-sqlite3') as new (path: string) => SqliteDatabase
    return new Database(path)
  } catch (cause) {
    if (refusedByEngine(cause)) throw cause
    throw new StoreUnavailableError(
      'better-sqlite3 cannot be loaded: `npm install better-sqlite3` with this version of Node, ' +
        'or pass { database: new DatabaseSync(path) } of node:sqlite',
      { cause },
    )
  }
}

/** Whether the driver was loaded and could not open the file. For a missing folder it throws an error without a code. */
function refusedByEngine(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  if ('code' in error) return String(error.code).startsWith('SQLITE_')
  return 'message' in error && String(error.message).includes('directory does not exist')
}
