import type { SqliteDatabase } from '../src/index.ts'
import { BetterSqlite3 } from './drivers.ts'

/** A database that logs which statements were run, and fails on demand. */
export interface WatchedDatabase {
  readonly database: SqliteDatabase
  /** The first word of each statement that was run. */
  readonly log: string[]
  /** The errors to throw, by the first word of the statement. */
  readonly failures: Map<string, () => Error>
}

/** Opens a database of better-sqlite3 and watches it. */
export function watched(path: string): WatchedDatabase {
  const database = new BetterSqlite3(path)
  const log: string[] = []
  const failures = new Map<string, () => Error>()
  const watching: SqliteDatabase = {
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
    prepare: (sql) => {
      const statement = database.prepare(sql)
      const name = sql.trimStart().split(/[\s(]/)[0] ?? ''
      return {
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        run: (...values) => {
          log.push(name)
          const failure = failures.get(name)
          if (failure !== undefined) throw failure()
          return statement.run(...values)
        },
      }
    },
  }
  return { database: watching, log, failures }
}

/** An error as better-sqlite3 throws it. */
export function engineError(code: string): Error {
  return Object.assign(new Error('made to fail'), { code })
}

/** Makes the next `count` COMMITs fail as on a full disk. */
export function failCommits({ failures }: WatchedDatabase, times: number): void {
  let left = times
  failures.set('COMMIT', () => {
    left -= 1
    if (left === 0) failures.delete('COMMIT')
    return engineError('SQLITE_FULL')
  })
}
