import { StoreClosedError } from '@context-store/core'
import { keepObjects } from './kept-objects.ts'
import { migrate, schemaVersion } from './schema.ts'
import { SessionTables } from './session-tables.ts'
import { openFile, type SqliteDatabase, type SqliteStatement } from './sqlite-driver.ts'
import { hasCode, translate } from './sqlite-errors.ts'

/** Where the database is: a file to open, or one that the caller opened. */
export type SqliteSource = { readonly path: string } | { readonly database: SqliteDatabase }

/** How long a call waits for another process. */
const busyMilliseconds = 5000

interface Opened {
  readonly database: SqliteDatabase
  readonly tables: SessionTables
  readonly begin: SqliteStatement
  readonly commit: SqliteStatement
  readonly rollback: SqliteStatement
}

/** The database behind a store, opened at the first call, and again at the next where that failed. */
export class SqliteConnection {
  readonly #source: SqliteSource
  readonly #synchronous: 'FULL' | 'NORMAL'
  #opened: Opened | undefined
  #closed = false

  constructor(source: SqliteSource, synchronous: 'FULL' | 'NORMAL') {
    this.#source = source
    this.#synchronous = synchronous
  }

  /** Makes one call that only reads. */
  read<T>(call: (tables: SessionTables) => T): T {
    try {
      return call(this.#open().tables)
    } catch (error) {
      throw translate(error)
    }
  }

  /** Makes one call in a transaction of its own. */
  write<T>(call: (tables: SessionTables) => T): T {
    const tables = this.begin()
    let result: T
    try {
      result = call(tables)
    } catch (error) {
      this.rollback()
      throw translate(error)
    }
    this.commit()
    return result
  }

  /** Begins a transaction that writes, so that no other process does between its reads and its writes. */
  begin(): SessionTables {
    try {
      const { begin, tables } = this.#open()
      begin.run()
      return tables
    } catch (error) {
      throw translate(error)
    }
  }

  /** Commits, or rolls back and throws; whether the writes have happened is the error's `outcome`. */
  commit(): void {
    try {
      this.#open().commit.run()
    } catch (error) {
      this.rollback()
      throw translate(error, 'commit')
    }
  }

  /** Ends the transaction without its writes; never throws. */
  rollback(): void {
    try {
      this.#open().rollback.run()
    } catch {
      // SQLite has ended some failed transactions by itself.
    }
  }

  /** Writes the whole database, compacted, to an empty file. */
  copyInto(path: string): void {
    try {
      this.#open().database.prepare('VACUUM INTO ?').run(path)
    } catch (error) {
      throw translate(error)
    }
  }

  /** Closes what was opened here; a caller's database stays open. */
  close(): void {
    this.#closed = true
    const opened = this.#opened
    this.#opened = undefined
    if (opened === undefined || 'database' in this.#source) return
    try {
      opened.database.close()
    } catch (error) {
      throw translate(error)
    }
  }

  #open(): Opened {
    if (this.#opened !== undefined) return this.#opened
    if (this.#closed) throw new StoreClosedError()
    const shared = 'database' in this.#source
    const database = keepObjects(
      'database' in this.#source ? this.#source.database : openFile(this.#source.path),
    )
    try {
      prepareDatabase(database, shared, this.#synchronous)
      const [begin, commit, rollback] = [
        database.prepare('BEGIN IMMEDIATE'),
        database.prepare('COMMIT'),
        database.prepare('ROLLBACK'),
      ]
      this.#opened = { database, tables: new SessionTables(database), begin, commit, rollback }
      return this.#opened
    } catch (error) {
      if (!shared) database.close()
      throw error
    }
  }
}

/** Sets the connection up and brings the tables to today's version. What is refused has not been touched. */
function prepareDatabase(database: SqliteDatabase, shared: boolean, synchronous: 'FULL' | 'NORMAL'): void {
  database.exec(`PRAGMA busy_timeout = ${busyMilliseconds}`)
  schemaVersion(database, shared)
  useWriteAheadLog(database)
  // Said even where it is the default: builds of SQLite differ in what they take for it with a write-ahead log.
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
      // Reads work there all the same, and a write will say what is wrong.
      if (hasCode(error, 'SQLITE_READONLY')) return
      if (!hasCode(error, 'SQLITE_BUSY') || Date.now() > deadline) throw error
      // Two processes that begin one file meet here, and SQLite does not apply its busy timeout to this.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}
