import { StoreClosedError } from '@context-store/core'
import type { Transactions } from '@context-store/core/adapter'
import { checkDatabase } from './check-database.ts'
import { keepObjects } from './kept-objects.ts'
import { openFile } from './open-file.ts'
import { migrate, schemaVersion } from './schema.ts'
import type { SqliteDatabase, SqliteStatement } from './sqlite-driver.ts'
import { hasCode } from './sqlite-errors.ts'
import { prepareStatements, type Statements } from './statements.ts'

/** Where the database is: a file to open, or a database that the caller opened. */
export type SqliteSource = { readonly path: string } | { readonly database: SqliteDatabase }

/** How long a call waits for another process. */
const busyMilliseconds = 5000

// Captured at load: a test's fake timers replace the global function, and nothing would be committed.
const afterTick = setImmediate

interface Opened {
  readonly database: SqliteDatabase
  readonly statements: Statements
  readonly begin: SqliteStatement
  readonly commit: SqliteStatement
  readonly rollback: SqliteStatement
}

/** The database behind a store, opened at the first call; if that fails, the next call tries again. */
export class SqliteConnection implements Transactions {
  readonly source: SqliteSource
  readonly #synchronous: 'FULL' | 'NORMAL'
  #opened: Opened | undefined
  /** The open database if a transaction in it could not be rolled back: until it is, no call may read or write. */
  #unended: Opened | undefined
  #isClosed = false

  constructor(source: SqliteSource, synchronous: 'FULL' | 'NORMAL') {
    this.source = source
    this.#synchronous = synchronous
  }

  /** The open database. */
  get database(): SqliteDatabase {
    return (this.#opened ?? this.#open()).database
  }

  /** The prepared statements. */
  get statements(): Statements {
    return (this.#opened ?? this.#open()).statements
  }

  /** Begins a write transaction, so that no other process writes between its reads and its writes. */
  begin(): void {
    ;(this.#opened ?? this.#open()).begin.run()
  }

  commit(): void {
    // Without an open database nothing was committed.
    if (this.#opened === undefined) throw new StoreClosedError()
    this.#opened.commit.run()
  }

  rollback(): void {
    const opened = this.#opened ?? this.#unended
    if (opened === undefined) return
    this.#opened = undefined
    this.#unended = opened
    endTransaction(opened)
    this.#unended = undefined
    this.#opened = opened
  }

  afterTick(flush: () => void): void {
    afterTick(flush)
  }

  /** Closes the database if it was opened here; a caller's database stays open. */
  close(): void {
    this.#isClosed = true
    const opened = this.#opened ?? this.#unended
    this.#opened = undefined
    this.#unended = undefined
    if (opened !== undefined && !('database' in this.source)) opened.database.close()
  }

  #open(): Opened {
    if (this.#isClosed) throw new StoreClosedError()
    this.rollback()
    if (this.#opened !== undefined) return this.#opened
    const { source } = this
    const shared = 'database' in source
    const database = keepObjects(shared ? source.database : openFile(source.path))
    try {
      prepareDatabase(database, shared, this.#synchronous)
      const [begin, commit, rollback] = [
        database.prepare('BEGIN IMMEDIATE'),
        database.prepare('COMMIT'),
        database.prepare('ROLLBACK'),
      ]
      this.#opened = { database, statements: prepareStatements(database), begin, commit, rollback }
      return this.#opened
    } catch (error) {
      if (!shared) database.close()
      throw error
    }
  }
}

/** Rolls back. SQLite ends some failed transactions by itself; it has if another one can begin. */
function endTransaction({ database, rollback }: Opened): void {
  try {
    rollback.run()
  } catch {
    database.exec('BEGIN; ROLLBACK')
  }
}

/** Sets up the connection and migrates the tables. A database that is refused is left unchanged. */
function prepareDatabase(database: SqliteDatabase, shared: boolean, synchronous: 'FULL' | 'NORMAL'): void {
  database.exec(`PRAGMA busy_timeout = ${busyMilliseconds}`)
  checkDatabase(database)
  schemaVersion(database, shared)
  useWriteAheadLog(database)
  // Set even if it is the default: builds of SQLite differ in their default with a write-ahead log.
  database.exec(`PRAGMA synchronous = ${synchronous}`)
  migrate(database, shared)
}

/** Readers and a writer do not wait for each other, and a commit is one append. */
function useWriteAheadLog(database: SqliteDatabase): void {
  const deadline = Date.now() + busyMilliseconds
  for (;;) {
    try {
      database.prepare('PRAGMA journal_mode = WAL').get()
      return
    } catch (error) {
      // Reads still work, and a write will report the error.
      if (hasCode(error, 'SQLITE_READONLY')) return
      if (!hasCode(error, 'SQLITE_BUSY') || Date.now() > deadline) throw error
      // Processes that create one file at the same time meet here, where SQLite does not apply its busy timeout.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}
