import { CorruptDataError } from '@context-store/core'
import type { SessionLife } from '@context-store/core/adapter'

/** The version of the layout below. */
export const layoutVersion = 1

/** A namespace. Its id is its generation: the key generator never gives one again, so a deleted one has no sessions. */
export interface NamespaceRow {
  readonly id: number
  readonly account: string
  readonly name: string
  readonly createdAt: number
  readonly ttlSeconds: number
}

/** A session, kept under `[namespace id, session id]`; a member that is `undefined` is left out, also of the index. */
export interface SessionRow extends Omit<SessionLife, 'expiresAt'> {
  readonly document: string
  readonly expiresAt?: number
}

/** The object stores. */
export const objectStores = ['deleted', 'namespaces', 'sessions'] as const

/** Creates the layout in a new database. */
export function createLayout(database: IDBDatabase): void {
  const namespaces = database.createObjectStore('namespaces', { keyPath: 'id', autoIncrement: true })
  namespaces.createIndex('byName', ['account', 'name'], { unique: true })
  const sessions = database.createObjectStore('sessions')
  sessions.createIndex('byExpiry', 'expiresAt')
  // The ids of namespaces whose sessions are still to be removed.
  database.createObjectStore('deleted')
}

/** Refuses a database that is somebody else's. */
export function checkLayout(database: IDBDatabase): void {
  const names = [...database.objectStoreNames]
  if (names.length === objectStores.length && objectStores.every((name) => names.includes(name))) return
  throw foreignDatabase(database.name)
}

/** The error for a database that is not of this layout. */
export function foreignDatabase(name: string, cause?: unknown): CorruptDataError {
  return new CorruptDataError(
    `the database ${JSON.stringify(name)} is not a store's, or a newer version's; it has been left as it is`,
    { cause },
  )
}
