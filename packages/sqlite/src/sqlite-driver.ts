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
 * Opens a file with better-sqlite3, begins it where it is missing.
 *
 * Loaded here and not by an import: who brings a database of their own need not have the native module.
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

/** Whether the driver was there and could not open the file; it says so of a missing folder by a TypeError. */
function refusedByEngine(error: unknown): boolean {
  if (error instanceof TypeError) return true
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')
}
