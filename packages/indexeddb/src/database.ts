import { CorruptDataError } from '@context-store/core'
import type { SessionLife } from '@context-store/core/adapter'

/** The version of the layout below. */
export const layoutVersion = 1

/**
 * A namespace, stored under `[account, name]`. Its id is its generation: the key generator never reuses one, so the
 * sessions of a deleted namespace belong to no other.
 */
export interface NamespaceRow {
  readonly id: number
  readonly createdAt: number
  readonly ttlSeconds: number
}

/** A session, stored under `[namespace id, session id]`; without `expiresAt`, it is not in the index either. */
export interface SessionRow extends Omit<SessionLife, 'expiresAt'> {
  readonly document: string
  readonly expiresAt?: number
}

/**
 * The object stores. The key generator of `generations` provides the ids of namespaces; its entries are the ids of
 * deleted namespaces whose sessions are still to be removed.
 */
export const objectStores = ['generations', 'namespaces', 'sessions'] as const

/** Creates the layout in a new database. */
export function createLayout(database: IDBDatabase): void {
  database.createObjectStore('generations', { autoIncrement: true })
  database.createObjectStore('namespaces')
  database.createObjectStore('sessions').createIndex('byExpiry', 'expiresAt')
}

/** Refuses a database of another program. */
export function checkLayout(database: IDBDatabase): void {
  const names = [...database.objectStoreNames]
  if (names.length === objectStores.length && objectStores.every((name) => names.includes(name))) return
  throw foreignDatabase(database.name)
}

/** The error for a database that is not of this layout. */
export function foreignDatabase(name: string, cause?: unknown): CorruptDataError {
  return new CorruptDataError(
    `the database ${JSON.stringify(name)} belongs to another program or a newer version; it has been left as it is`,
    { cause },
  )
}
