import type { SqliteDatabase } from './sqlite-driver.ts'

/*
 * On Node 24.19 and newer a process is aborted when the garbage collector frees a database or a statement of
 * better-sqlite3 12 between two turns of the event loop: their destructors remove a hook of an environment that
 * Node cannot tell there ("Assertion failed: (env) != nullptr", WiseLibs/better-sqlite3#1515). What is never
 * freed does no harm: some kilobytes for each store that a process opens. better-sqlite3 13 needs Node 22.
 */
const kept: object[] = []
const needed = Number(process.versions.node.split('.', 1)[0]) >= 24

/** The database, with every object of the driver's kept for the life of the process where that is needed. */
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
