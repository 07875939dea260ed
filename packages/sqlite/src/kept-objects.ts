import type { SqliteDatabase } from './sqlite-driver.ts'

/*
 * Node 24.19 and newer aborts when the garbage collector frees a database or a statement of better-sqlite3 12 between
 * two ticks of the event loop: their destructors remove a cleanup hook, and no environment is current there
 * ("Assertion failed: (env) != nullptr", WiseLibs/better-sqlite3#1515). Objects that are never freed avoid it, at the
 * cost of some kilobytes for each store that a process opens. better-sqlite3 13 needs Node 22.
 */
const kept: object[] = []
const needed = Number(process.versions.node.split('.', 1)[0]) >= 24

/** Returns the database; if necessary, it keeps every object of the driver for the life of the process. */
export function keepObjects(database: SqliteDatabase): SqliteDatabase {
  if (!needed || !('pragma' in database)) return database
  kept.push(database)
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql)
      kept.push(statement)
      return statement
    },
    close: () => database.close(),
  }
}
