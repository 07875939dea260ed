import type { NamespaceInfo, SessionInfo } from '../api/context-store.ts'

/** What a store keeps for a session besides its properties. Instants are milliseconds since 1970. */
export interface SessionLife {
  /** When the session was created. */
  readonly createdAt: number
  /** The time to live in force since the last patch; 0: the session never expires. */
  readonly ttlSeconds: number
  /** Whether a patch stated that time to live; otherwise it is the namespace's. */
  readonly ownTtl: boolean
  /** When the session expires unless it is patched before; `undefined` (not null): it never expires. */
  readonly expiresAt: number | undefined
}

/** The longest time to live: beyond it, `expiresAt` might not fit in a Date. */
export const mostTtlSeconds = 1e10

/** What determines a session's life after a patch. */
export interface LifeEvent {
  /** The session's life before; `undefined` if there was no session, or an expired one. */
  readonly before: SessionLife | undefined
  /** The number of properties before the patch. */
  readonly propertiesBefore: number
  /** The number of properties after it. */
  readonly propertiesAfter: number
  /** The time to live that the patch states; `undefined`: none. */
  readonly statedTtl: number | undefined
  /** The namespace's time to live; 0: sessions never expire. */
  readonly namespaceTtl: number
  /** The time of the patch. */
  readonly now: number
}

/**
 * Returns a session's life after a patch; `undefined`: the session has ended, or none is created.
 *
 * A session exists while it has a property. An empty one exists only while a time to live above 0 runs that was stated
 * when it was already empty, or by the patch that emptied it (docs/design.md, "existence").
 */
export function nextLife(event: LifeEvent): SessionLife | undefined {
  const { before, statedTtl, now } = event
  const ownTtl = statedTtl !== undefined || before?.ownTtl === true
  const ttlSeconds = statedTtl ?? (before?.ownTtl ? before.ttlSeconds : event.namespaceTtl)
  if (event.propertiesAfter === 0) {
    const wasEmpty = before !== undefined && event.propertiesBefore === 0
    if (!ownTtl || ttlSeconds === 0 || (statedTtl === undefined && !wasEmpty)) return undefined
  }
  return {
    createdAt: before?.createdAt ?? now,
    ttlSeconds,
    ownTtl,
    expiresAt: ttlSeconds === 0 ? undefined : now + ttlSeconds * 1000,
  }
}

/** Whether a session has expired at `now`; at `expiresAt` itself it has. */
export function isExpired(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}

/** What `session.info()` and listings return for a session. */
export function sessionInfoOf(id: string, life: SessionLife): SessionInfo {
  const { createdAt, ttlSeconds, expiresAt } = life
  return {
    id,
    createdAt: new Date(createdAt),
    ...(expiresAt !== undefined && { ttlSeconds, expiresAt: new Date(expiresAt) }),
  }
}

/** What `namespace.info()` and listings return for a namespace; a `ttlSeconds` of 0 is left out. */
export function namespaceInfoOf(name: string, createdAt: number, ttlSeconds: number): NamespaceInfo {
  return { name, createdAt: new Date(createdAt), ...(ttlSeconds > 0 && { ttlSeconds }) }
}
