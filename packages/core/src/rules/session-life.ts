import type { NamespaceInfo, SessionInfo } from '../api/context-store.ts'

/** What a store keeps of a session beside its properties. Instants in milliseconds since 1970. */
export interface SessionLife {
  /** When the session was created. */
  readonly createdAt: number
  /** The time to live in force since the last patch; 0: for ever. */
  readonly ttlSeconds: number
  /** Whether a patch stated that time to live; else it is the namespace's. */
  readonly ownTtl: boolean
  /** When the session expires unless it is patched before; `undefined`, never null: it does not. */
  readonly expiresAt: number | undefined
}

/** The longest time to live: past it, the end of a session could be no Date. */
export const mostTtlSeconds = 1e10

/** What decides a session's life at a patch. */
export interface LifeEvent {
  /** The session's life before; `undefined` if there was no session, or an expired one. */
  readonly before: SessionLife | undefined
  /** Properties before the patch. */
  readonly propertiesBefore: number
  /** Properties after it. */
  readonly propertiesAfter: number
  /** The time to live that the patch states. */
  readonly statedTtl: number | undefined
  /** The namespace's time to live; 0: for ever. */
  readonly namespaceTtl: number
  /** The time of the patch. */
  readonly now: number
}

/**
 * A session's life after a patch; `undefined`: the session has ended, or none is created.
 *
 * A session exists while it holds a property; an empty one only while a time to live above 0 runs that was stated
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

/** Whether a session that expires at that instant is gone at `now`: at the instant itself it is. */
export function isExpired(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}

/** What `session.info()` and listings say of a session. */
export function sessionInfoOf(id: string, life: SessionLife): SessionInfo {
  const { createdAt, ttlSeconds, expiresAt } = life
  return {
    id,
    createdAt: new Date(createdAt),
    ...(expiresAt !== undefined && { ttlSeconds, expiresAt: new Date(expiresAt) }),
  }
}

/** What `namespace.info()` and listings say of a namespace; a `ttlSeconds` of 0 is none. */
export function namespaceInfoOf(name: string, createdAt: number, ttlSeconds: number): NamespaceInfo {
  return { name, createdAt: new Date(createdAt), ...(ttlSeconds > 0 && { ttlSeconds }) }
}
