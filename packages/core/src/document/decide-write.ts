import type { Properties } from '../api/context-store.ts'
import type { Condition, PatchRequest } from '../port/patch-request.ts'
import { conditionHolds } from '../rules/condition.ts'
import { checkSize, namespaceNotFound } from '../rules/limits.ts'
import { isExpired, nextLife, type SessionLife } from '../rules/session-life.ts'
import type { StoreRules } from '../rules/store-rules.ts'
import {
  compactLength,
  countProperties,
  emptyDocument,
  patchDocument,
  readDocumentProperties,
  withoutProperties,
} from './session-document.ts'

/** A session as stored by an engine that keeps text; it may have expired. */
export interface StoredSession {
  /** Its properties, as `patchDocument` writes them. */
  readonly document: string
  /** When it was created, its time to live, and when it expires. */
  readonly life: SessionLife
}

/** What a write must do; the engine carries it out in the same transaction. */
export type WriteDecision =
  | {
      /** The condition does not hold: change nothing. */
      readonly action: 'refuse'
      /** The expected properties that exist. */
      readonly current: Properties
    }
  | {
      /** Nothing to do: change nothing. */
      readonly action: 'keep'
    }
  | {
      /** Remove the session, if one is stored. After a patch the namespace must exist nevertheless. */
      readonly action: 'end'
    }
  | {
      /** Store this; it replaces the stored session, if there is one. */
      readonly action: 'write'
      /** The properties. Store the text unchanged: it is JSON, with line breaks that core relies on. */
      readonly document: string
      /** The session's life; the same object that was passed in if nothing in it changes. */
      readonly life: SessionLife
    }

const keep: WriteDecision = { action: 'keep' }
const end: WriteDecision = { action: 'end' }

/**
 * Decides what a patch does: condition, merge, limits and life. For engines that keep a session as text.
 *
 * @param before - the stored session, expired or not; `undefined`: none is stored
 * @param namespaceTtl - the namespace's time to live in seconds, 0 for none; `undefined`: the namespace does not exist
 * @param now - the time of the patch in milliseconds
 * @throws `TooLargeError`, `NamespaceNotFoundError` or `CorruptDataError`; the engine must then write nothing
 * @example
 * ```ts
 * const decision = decidePatch(row && { document: row.document, life: row }, namespace?.ttlSeconds, request, rules, now)
 * ```
 */
export function decidePatch(
  before: StoredSession | undefined,
  namespaceTtl: number | undefined,
  request: PatchRequest,
  rules: StoreRules,
  now: number,
): WriteDecision {
  const isRecord = request.isRecord === true
  if (namespaceTtl === undefined && rules.explicitNamespaces && !isRecord) throw namespaceNotFound()
  const alive = before === undefined || isExpired(before.life.expiresAt, now) ? undefined : before
  const stored = alive?.document ?? emptyDocument
  const { changes, expected, ttlSeconds: statedTtl } = request
  const refused = refusalOf(expected, stored)
  if (refused !== undefined) return refused
  const document = patchDocument(stored, changes)
  if (!isRecord) checkDocumentSize(document, rules)
  const life = nextLife({
    before: alive?.life,
    propertiesBefore: stored === emptyDocument ? 0 : 1,
    propertiesAfter: document === emptyDocument ? 0 : 1,
    statedTtl,
    namespaceTtl: namespaceTtl ?? 0,
    now,
  })
  if (life === undefined) return end
  return {
    action: 'write',
    document,
    life: alive !== undefined && isSame(alive.life, life) ? alive.life : life,
  }
}

/**
 * Decides a removal of properties, with a condition if there is one. It does not restart the time to live. Parameters
 * as for {@link decidePatch}.
 */
export function decideDelete(
  before: StoredSession | undefined,
  names: readonly string[],
  now: number,
  expected?: Condition,
): WriteDecision {
  const isThere = before !== undefined && !isExpired(before.life.expiresAt, now)
  const refused = refusalOf(expected, isThere ? before.document : emptyDocument)
  if (refused !== undefined || !isThere) return refused ?? keep
  const document = withoutProperties(before.document, names)
  if (document === before.document) return keep
  return document === emptyDocument ? end : { action: 'write', document, life: before.life }
}

/** Decides the removal of a session, with a condition if there is one. Parameters as for {@link decidePatch}. */
export function decideClear(
  before: StoredSession | undefined,
  expected: Condition | undefined,
  now: number,
): WriteDecision {
  if (before === undefined) return refusalOf(expected, emptyDocument) ?? keep
  // Without a condition the document is not read, so this also removes a damaged one.
  const isOver = isExpired(before.life.expiresAt, now)
  return refusalOf(expected, isOver ? emptyDocument : before.document) ?? end
}

function refusalOf(expected: Condition | undefined, document: string): WriteDecision | undefined {
  if (expected === undefined) return undefined
  const current = readDocumentProperties(document, expected.names)
  return conditionHolds(expected, current) ? undefined : { action: 'refuse', current }
}

/** Counts only if the text's length alone does not settle it. */
function checkDocumentSize(document: string, rules: StoreRules): void {
  const { documentLength, properties } = rules.limits
  // The shortest property takes six characters: a line feed, `"":0`, and a comma or the closing brace.
  if (document.length <= documentLength && document.length <= 6 * properties) return
  checkSize(compactLength(document), countProperties(document), rules)
}

/** Whether a patch did not change a session's life, as is usual for sessions that never expire. */
function isSame(a: SessionLife, b: SessionLife): boolean {
  return a.expiresAt === b.expiresAt && a.ttlSeconds === b.ttlSeconds && a.ownTtl === b.ownTtl
}
