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

/** A session as an engine that keeps text holds it; it may have expired. */
export interface StoredSession {
  /** Its properties, as `patchDocument` writes them. */
  readonly document: string
  /** The rest. */
  readonly life: SessionLife
}

/** What a write comes to, for the engine to carry out in the same transaction. */
export type WriteDecision =
  | {
      /** The condition does not hold: change nothing. */
      readonly action: 'refuse'
      /** The expected properties that exist. */
      readonly current: Properties
    }
  | {
      /** Change nothing: there is nothing to do. */
      readonly action: 'keep'
    }
  | {
      /** Remove the session, if one is stored. After a patch the namespace must exist all the same. */
      readonly action: 'end'
    }
  | {
      /** Store this in place of what is stored, if anything is. */
      readonly action: 'write'
      /** The properties. To be kept character by character: it is JSON, with line breaks that core relies on. */
      readonly document: string
      /** The life; the very object that came in if it stays as it was. */
      readonly life: SessionLife
    }

const keep: WriteDecision = { action: 'keep' }
const end: WriteDecision = { action: 'end' }

/**
 * Decides a patch: condition, merge, limits and life, for engines that keep a session as text.
 *
 * @param before - what is stored, expired or not; `undefined`: nothing
 * @param namespaceTtl - the namespace's time to live in seconds, 0 for none; `undefined`: there is no namespace
 * @param now - the time of the patch in milliseconds
 * @throws `TooLargeError`, `NamespaceNotFoundError` or `CorruptDataError`; nothing may be written then
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
 * Decides a removal of properties, on a condition if there is one; the time to live runs on. Parameters as for
 * {@link decidePatch}.
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

/** Decides the end of a session, on a condition if there is one. Parameters as for {@link decidePatch}. */
export function decideClear(
  before: StoredSession | undefined,
  expected: Condition | undefined,
  now: number,
): WriteDecision {
  if (before === undefined) return refusalOf(expected, emptyDocument) ?? keep
  // Without a condition the document is not read: this is also how to get rid of a damaged one.
  const isOver = isExpired(before.life.expiresAt, now)
  return refusalOf(expected, isOver ? emptyDocument : before.document) ?? end
}

function refusalOf(expected: Condition | undefined, document: string): WriteDecision | undefined {
  if (expected === undefined) return undefined
  const current = readDocumentProperties(document, expected.names)
  return conditionHolds(expected, current) ? undefined : { action: 'refuse', current }
}

/** Counts only where the text's length leaves a doubt. */
function checkDocumentSize(document: string, rules: StoreRules): void {
  const { documentLength, properties } = rules.limits
  // The shortest property takes six characters: a line feed, `"":0`, and a comma or the closing brace.
  if (document.length <= documentLength && document.length <= 6 * properties) return
  checkSize(compactLength(document), countProperties(document), rules)
}

/** Whether a patch left a session's life as it was, as it does for all that never expire. */
function isSame(a: SessionLife, b: SessionLife): boolean {
  return a.expiresAt === b.expiresAt && a.ttlSeconds === b.ttlSeconds && a.ownTtl === b.ownTtl
}
