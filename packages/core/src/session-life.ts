import type { NamespaceInfo, SessionInfo } from './api.ts'

/** The life of a session that is there: what a store keeps of it beside its properties. Instants in milliseconds. */
export interface SessionLife {
  /** When the session began. */
  readonly createdAt: number
  /** The time to live in force since the last patch; 0: for ever. */
  readonly ttlSeconds: number
  /** Whether a patch stated that time to live; else it is the namespace's. */
  readonly ownTtl: boolean
  /** When the session ends unless it is patched before; `undefined`: never. */
  readonly expiresAt: number | undefined
}

/** What decides a session's life at a patch. */
export interface LifeEvent {
  /** The session's life before; `undefined` where there was none, or where it had expired. */
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
 * A session's life after a patch; `undefined`: there is none (any more).
 *
 * A session is there while it holds a property, or, empty, while a time to live above 0 runs that was stated
 * when it was already empty or by the very patch that emptied it (DESIGN.md, "existence").
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

/** Whether a session with that end is gone at `now`: it lives up to that instant, not through it. */
export function isExpired(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}

/** What {@link Session.info} and listings tell of a session. */
export function sessionInfoOf(id: string, life: SessionLife): SessionInfo {
  const { createdAt, ttlSeconds, expiresAt } = life
  return {
    id,
    createdAt: new Date(createdAt),
    ...(expiresAt !== undefined && { ttlSeconds, expiresAt: new Date(expiresAt) }),
  }
}

/** What {@link Namespace.info} and listings tell of a namespace; a `ttlSeconds` of 0 is none. */
export function namespaceInfoOf(name: string, createdAt: number, ttlSeconds: number): NamespaceInfo {
  return { name, createdAt: new Date(createdAt), ...(ttlSeconds > 0 && { ttlSeconds }) }
}
