import { CorruptDataError } from '@context-store/core'
import type { SessionLife } from '@context-store/core/adapter'

/** The version of the layout below. */
export const layoutVersion = 1

/**
 * A namespace, kept under `[account, name]`. Its id is its generation: the key generator never gives one again, so the
 * sessions of a deleted namespace are nobody's.
 */
export interface NamespaceRow {
  readonly id: number
  readonly createdAt: number
  readonly ttlSeconds: number
}

/** A session, kept under `[namespace id, session id]`; a member that is `undefined` is left out, also of the index. */
export interface SessionRow extends Omit<SessionLife, 'expiresAt'> {
  readonly document: string
  readonly expiresAt?: number
}

/**
 * The object stores. `generations` gives the namespaces their ids by its key generator, and holds those of deleted ones
 * whose sessions are still to be removed.
 */
export const objectStores = ['generations', 'namespaces', 'sessions'] as const

/** Creates the layout in a new database. */
export function createLayout(database: IDBDatabase): void {
  database.createObjectStore('generations', { autoIncrement: true })
  database.createObjectStore('namespaces')
  database.createObjectStore('sessions').createIndex('byExpiry', 'expiresAt')
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
