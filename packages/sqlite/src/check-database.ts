import { InvalidOptionError } from '@context-store/core'
import type { SqliteDatabase, SqliteStatement } from './sqlite-driver.ts'

/** Values that a database or a driver may change: characters at the ends of Unicode's planes, and an integer of 41 bits. */
const values = ['\uffff\u{1f600}', 1_700_000_000_000, null] as const

// The columns have a table, because `PRAGMA full_column_names` would add its name to theirs.
const echo = 'SELECT v.text, v.number, v.empty FROM (SELECT ? AS text, ? AS number, ? AS empty) v'

/**
 * Refuses a database from which the store could not read back what it wrote. Writes nothing.
 *
 * @throws `InvalidOptionError`, saying what is wrong
 */
export function checkDatabase(database: SqliteDatabase): void {
  checkEncoding(prepared(database, 'PRAGMA encoding').get())
  checkRows(prepared(database, echo))
  const missing = prepared(database, 'SELECT 1 AS one WHERE 0').get()
  if (missing !== undefined) {
    throw refusal('get() returns null if there is no row, as bun:sqlite does, which is not supported')
  }
  checkRun(database)
}

/** Checked before the values, which another encoding may change. Leaves rows of another shape to `checkRows`. */
function checkEncoding(row: unknown): void {
  if (typeof row !== 'object' || row === null || !('encoding' in row) || row.encoding === 'UTF-8') return
  throw refusal(
    `its encoding is ${row.encoding}, in which SQLite changes some characters: create it with UTF-8`,
  )
}

function checkRows(statement: SqliteStatement): void {
  for (const row of [statement.get(...values), statement.all(...values)[0]]) {
    if (Array.isArray(row)) {
      throw refusal('it returns rows as arrays: open it without `returnArrays`, or without raw() by default')
    }
    if (!isEcho(row)) throw refusal('it does not return rows as objects with the values that were bound')
  }
}

/** A caller's database may be set to return BigInts. */
function isEcho(row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return false
  const { text, number, empty } = row as { readonly [column: string]: unknown }
  return text === values[0] && Number(number) === values[1] && empty === null
}

function checkRun(database: SqliteDatabase): void {
  const result: unknown = prepared(database, 'SAVEPOINT context_check').run()
  database.exec('RELEASE context_check')
  if (typeof result === 'object' && result !== null && 'changes' in result && 'lastInsertRowid' in result) {
    if ([result.changes, result.lastInsertRowid].every((count) => /^(number|bigint)$/.test(typeof count)))
      return
  }
  throw refusal('run() does not return { changes, lastInsertRowid }')
}

function prepared(database: SqliteDatabase, sql: string): SqliteStatement {
  const statement: Partial<SqliteStatement> | undefined = database.prepare(sql)
  const calls = [statement?.get, statement?.all, statement?.run]
  if (calls.every((call) => typeof call === 'function')) return statement as SqliteStatement
  throw refusal('prepare() does not return a statement with get(), all() and run()')
}

function refusal(reason: string): InvalidOptionError {
  return new InvalidOptionError(
    `the database cannot be used: ${reason}. A better-sqlite3 or node:sqlite database with its default results works`,
  )
}
