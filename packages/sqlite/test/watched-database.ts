import type { SqliteDatabase } from '../src/index.ts'
import { BetterSqlite3 } from './drivers.ts'

/** A database that logs which statements were run, and fails where it is told to. */
export interface WatchedDatabase {
  readonly database: SqliteDatabase
  /** The first word of each statement that was run. */
  readonly log: string[]
  /** The error that every statement with that first word throws. */
  readonly failures: Map<string, () => Error>
}

/** Opens a database of better-sqlite3 to watch. */
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

/** Lets the next COMMITs fail as they do on a full disk, so many of them. */
export function failCommits({ failures }: WatchedDatabase, times: number): void {
  let left = times
  failures.set('COMMIT', () => {
    left -= 1
    if (left === 0) failures.delete('COMMIT')
    return engineError('SQLITE_FULL')
  })
}
