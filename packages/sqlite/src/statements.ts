import type { SqliteDatabase, SqliteStatement } from './sqlite-driver.ts'

type StatementName =
  | 'ready'
  | 'findNamespace'
  | 'addNamespace'
  | 'updateNamespace'
  | 'deleteNamespace'
  | 'listNamespaces'
  | 'listAccounts'
  | 'readNamed'
  | 'readHinted'
  | 'findNamed'
  | 'findHinted'
  | 'addSession'
  | 'updateSession'
  | 'updateDocument'
  | 'deleteSession'
  | 'listSessions'
  | 'listDocuments'
  | 'deleteSessions'
  | 'findExpired'
  | 'deleteExpired'
  | 'addDeletedNamespace'
  | 'findDeletedNamespace'
  | 'forgetDeletedNamespace'

const life = 's.created_at, s.ttl_seconds, s.own_ttl, s.expires_at'
// Each column adds a tenth to the time of a query, and for most sessions only created_at is needed.
const packedLife = `CASE WHEN s.ttl_seconds + s.own_ttl + n.ttl_seconds = 0 THEN s.created_at ELSE s.created_at
  || ' ' || s.ttl_seconds || ' ' || s.own_ttl || ' ' || ifnull(s.expires_at, '') || ' ' || n.ttl_seconds END AS life`
const namedSession = `FROM context_namespaces n LEFT JOIN context_sessions s ON s.namespace = n.id AND s.id = ?
  WHERE n.account = ? AND n.name = ?`
const hintedSession = `FROM context_sessions s JOIN context_namespaces n ON n.id = s.namespace
  WHERE s.key = ? AND s.id = ? AND n.account = ? AND n.name = ?`

const statements: Readonly<Record<StatementName, string>> = {
  ready: 'SELECT version FROM context_schema',
  findNamespace: 'SELECT id, created_at, ttl_seconds FROM context_namespaces WHERE account = ? AND name = ?',
  addNamespace: 'INSERT INTO context_namespaces (account, name, created_at, ttl_seconds) VALUES (?, ?, ?, ?)',
  updateNamespace: 'UPDATE context_namespaces SET ttl_seconds = ? WHERE id = ?',
  deleteNamespace: 'DELETE FROM context_namespaces WHERE id = ?',
  listNamespaces: `SELECT name, created_at, ttl_seconds FROM context_namespaces
    WHERE account = ? AND name > ? ORDER BY name LIMIT ?`,
  listAccounts: 'SELECT DISTINCT account FROM context_namespaces WHERE account > ? ORDER BY account LIMIT ?',
  readNamed: `SELECT s.key, s.expires_at, s.document ${namedSession}`,
  readHinted: `SELECT s.document, s.expires_at ${hintedSession}`,
  findNamed: `SELECT n.id AS namespace, n.ttl_seconds AS namespace_ttl, s.key, ${life}, s.document ${namedSession}`,
  findHinted: `SELECT s.namespace, s.document, ${packedLife} ${hintedSession}`,
  addSession: `INSERT INTO context_sessions (namespace, id, created_at, ttl_seconds, own_ttl, expires_at, document)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  updateSession: `UPDATE context_sessions
    SET document = ?, created_at = ?, ttl_seconds = ?, own_ttl = ?, expires_at = ? WHERE key = ?`,
  updateDocument: 'UPDATE context_sessions SET document = ? WHERE key = ?',
  deleteSession: 'DELETE FROM context_sessions WHERE key = ?',
  listSessions: `SELECT s.id, ${life} FROM context_sessions s
    WHERE s.namespace = ? AND s.id > ? AND (s.expires_at IS NULL OR s.expires_at > ?) ORDER BY s.id LIMIT ?`,
  listDocuments: `SELECT s.id, ${life}, s.document FROM context_sessions s
    WHERE s.namespace = ? AND s.id > ? AND (s.expires_at IS NULL OR s.expires_at > ?) ORDER BY s.id LIMIT ?`,
  deleteSessions: `DELETE FROM context_sessions
    WHERE key IN (SELECT key FROM context_sessions WHERE namespace = ? LIMIT ?)`,
  findExpired: 'SELECT 1 FROM context_sessions WHERE expires_at <= ? LIMIT 1',
  deleteExpired: `DELETE FROM context_sessions
    WHERE key IN (SELECT key FROM context_sessions WHERE expires_at <= ? LIMIT ?)`,
  addDeletedNamespace: 'INSERT INTO context_deleted_namespaces VALUES (?)',
  findDeletedNamespace: 'SELECT id FROM context_deleted_namespaces LIMIT 1',
  forgetDeletedNamespace: 'DELETE FROM context_deleted_namespaces WHERE id = ?',
}

/** The prepared statements of the store. */
export type Statements = Readonly<Record<StatementName, SqliteStatement>>

/** Prepares every statement, once for each connection. */
export function prepareStatements(database: SqliteDatabase): Statements {
  const prepared = Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)])
  return Object.fromEntries(prepared) as Statements
}
