import { CorruptDataError } from '@context-store/core'
import type { SqliteDatabase } from './sqlite-driver.ts'

/**
 * The migrations from an empty database to the current version: step n leads from version n to version n + 1. A
 * published step is never changed.
 *
 * Namespace ids are not reused (AUTOINCREMENT), so the sessions of a deleted namespace are invisible at once, however
 * long their rows stay. The keys of session rows may be reused: AUTOINCREMENT would make creating a session a fifth
 * slower, and every query by row key also compares the namespace and the id.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE context_schema (version INTEGER NOT NULL) STRICT;
  CREATE TABLE context_namespaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ttl_seconds INTEGER NOT NULL,
    UNIQUE (account, name)
  ) STRICT;
  CREATE TABLE context_sessions (
    key INTEGER PRIMARY KEY,
    namespace INTEGER NOT NULL,
    id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ttl_seconds INTEGER NOT NULL,
    own_ttl INTEGER NOT NULL,
    expires_at INTEGER,
    document TEXT NOT NULL,
    UNIQUE (namespace, id)
  ) STRICT;
  CREATE INDEX context_sessions_expiry ON context_sessions (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE context_deleted_namespaces (id INTEGER PRIMARY KEY) STRICT;
  INSERT INTO context_schema VALUES (0);`,
]

const ours = ['context_schema', 'context_namespaces', 'context_sessions', 'context_deleted_namespaces']

/**
 * The version of the store's tables, 0 if there are none. Writes nothing.
 *
 * @param shared - whether the database may have other tables: true if the caller opened it. A path to the file of
 * another program is assumed to be a mistake.
 * @throws `CorruptDataError` for tables that this version cannot use
 */
export function schemaVersion(
  database: SqliteDatabase,
  shared: boolean,
  newest: number = migrations.length,
): number {
  const names = (database.prepare('SELECT name FROM sqlite_schema').all() as { name: string }[]).map(
    (row) => row.name,
  )
  if (!names.includes('context_schema')) {
    const foreign = names.filter((name) => (shared ? ours.includes(name) : !name.startsWith('sqlite_')))
    if (foreign.length === 0) return 0
    throw new CorruptDataError(
      shared
        ? `the database has a table ${foreign[0]} that this store did not create; nothing has been changed`
        : "the file is another program's database; nothing has been changed: open it yourself and pass { database }",
    )
  }
  const rows = database.prepare('SELECT * FROM context_schema').all() as { version?: unknown }[]
  const version = rows.length === 1 ? Number(rows[0]?.version) : Number.NaN
  if (!Number.isInteger(version) || version < 1) {
    throw new CorruptDataError(
      'the table context_schema is not as this store wrote it; nothing has been changed',
    )
  }
  if (version > newest) {
    throw new CorruptDataError(
      `the tables have version ${version}, but this program knows only ${newest}: update @context-store/sqlite; ` +
        'nothing has been changed',
    )
  }
  return version
}

/** Brings the tables up to date, in one transaction: all steps or none. */
export function migrate(
  database: SqliteDatabase,
  shared: boolean,
  steps: readonly string[] = migrations,
): void {
  if (schemaVersion(database, shared, steps.length) === steps.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Read again: another process may have migrated the tables in the meantime.
    const version = schemaVersion(database, shared, steps.length)
    for (const step of steps.slice(version)) database.exec(step)
    database.prepare('UPDATE context_schema SET version = ?').run(steps.length)
    database.exec('COMMIT')
  } catch (error) {
    rollBack(database)
    throw error
  }
}

/** Ends a failed transaction, unless SQLite has already ended it. */
export function rollBack(database: SqliteDatabase): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // SQLite has already ended the transaction.
  }
}
