/** A value that is bound to a parameter of a statement. */
export type SqliteValue = string | number | bigint | null

/** A prepared statement, with the methods that better-sqlite3 and `node:sqlite` both have. */
export interface SqliteStatement {
  /** The first row, as an object by column names; `undefined` if there is none. */
  get(...values: SqliteValue[]): unknown
  /** All rows. */
  all(...values: SqliteValue[]): unknown[]
  /** Executes the statement for its effect. */
  run(...values: SqliteValue[]): {
    /** How many rows it changed. */
    readonly changes: number | bigint
    /** The key of the row that was inserted last. */
    readonly lastInsertRowid: number | bigint
  }
}

/** An open database, with the methods that better-sqlite3 and the `DatabaseSync` of `node:sqlite` both have. */
export interface SqliteDatabase {
  /** Executes statements for their effect. */
  exec(sql: string): unknown
  /** Prepares one statement. */
  prepare(sql: string): SqliteStatement
  /** Closes the database. */
  close(): unknown
}
