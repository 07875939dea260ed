import type { ErrorCode, JsonValue, Properties } from '@context-store/core'
import { absent } from '@context-store/core'
import { type Changes, jsonEqual, type PatchRequest, setOwn } from '@context-store/core/adapter'

/** A value, or `undefined` if there is none. */
export type Found = JsonValue | undefined

/** A write to a property that has not reached the remote store. */
export interface UnsentWrite {
  /** Different for each write. */
  readonly stamp: string
  readonly isDeletion: boolean
}

/** A time to live, or a patch without properties, that has not reached the remote store. */
export interface UnsentLife {
  readonly stamp: string
  /** `undefined` if the patch stated none. */
  readonly seconds: number | undefined
}

/** Why a property was rejected. */
export type Refusal = {
  readonly code: ErrorCode
  readonly message: string
}

/** The outbox's record of one session; its size depends on the session's properties, not on the number of writes. */
export interface OutboxRecord {
  /** The stamp of the last write; `undefined` if there is no record. */
  readonly stamp: string | undefined
  readonly unsent: ReadonlyMap<string, UnsentWrite>
  readonly life: UnsentLife | undefined
  /** The values that were sent, but whose answer has not arrived. */
  readonly sent: ReadonlyMap<string, Found>
  /** The remote values that this device knew when it wrote; kept only if conflicts are detected. */
  readonly base: ReadonlyMap<string, Found>
  readonly rejected: ReadonlyMap<string, Refusal>
}

/** Changes of a record: the names of its stored properties, and their new values. */
export type RecordChanges = { [key: string]: JsonValue | typeof absent }

/*
 * A record is a session of the local store, so that it changes in the same batch as the write that it describes. The names
 * of its properties are a letter for the kind, and the name of the property that it describes.
 */
const stampKey = '.stamp'
const lifeKey = '.life'
const prefixes = { unsent: 'u', sent: 's', base: 'b', rejected: 'r' } as const

/** The stored property of a record for the property `name`. */
export function keyOf(part: keyof typeof prefixes, name: string): string {
  return prefixes[part] + name
}

/** The changes of a record that a write makes. */
export function marksOf(
  stamp: string,
  written: readonly string[],
  deleted: readonly string[],
  life: UnsentLife | undefined,
): RecordChanges {
  const marks: RecordChanges = { [stampKey]: stamp }
  for (const name of written) marks[keyOf('unsent', name)] = stamp
  for (const name of deleted) marks[keyOf('unsent', name)] = `-${stamp}`
  if (life !== undefined) marks[lifeKey] = life.seconds === undefined ? [stamp] : [stamp, life.seconds]
  return marks
}

/** The changes of a record for properties that are no longer unsent. */
export function unmarked(names: Iterable<string>): RecordChanges {
  const changes: RecordChanges = {}
  for (const name of names) {
    for (const prefix of Object.values(prefixes)) changes[prefix + name] = absent
  }
  return changes
}

/** The change of a record whose time to live is no longer unsent. */
export const unmarkedLife: RecordChanges = { [lifeKey]: absent }

/** A value, which may not exist, in the form in which a record stores it. */
export function kept(value: Found | typeof absent): JsonValue {
  return value === undefined || value === absent ? [] : [value]
}

/** Reads a record. */
export function readRecord(stored: Properties): OutboxRecord {
  const unsent = new Map<string, UnsentWrite>()
  const sent = new Map<string, Found>()
  const base = new Map<string, Found>()
  const rejected = new Map<string, Refusal>()
  for (const [key, value] of Object.entries(stored)) {
    const name = key.slice(1)
    if (key.startsWith(prefixes.unsent)) {
      const mark = String(value)
      const isDeletion = mark.startsWith('-')
      unsent.set(name, { stamp: isDeletion ? mark.slice(1) : mark, isDeletion })
    } else if (key.startsWith(prefixes.sent)) sent.set(name, (value as JsonValue[])[0])
    else if (key.startsWith(prefixes.base)) base.set(name, (value as JsonValue[])[0])
    else if (key.startsWith(prefixes.rejected)) rejected.set(name, value as Refusal)
  }
  const life = stored[lifeKey] as [string, number?] | undefined
  return {
    stamp: stored[stampKey] as string | undefined,
    unsent,
    life: life && { stamp: life[0], seconds: life[1] },
    sent,
    base,
    rejected,
  }
}

/** Whether something in the record is still to be sent. */
export function isPending({ unsent, life }: OutboxRecord): boolean {
  return unsent.size > 0 || life !== undefined
}

/** The properties that were rejected and not written since. */
export function refusalsOf({ rejected, unsent }: OutboxRecord): Map<string, Refusal> {
  return new Map([...rejected].filter(([name]) => !unsent.has(name)))
}

/** The condition that no write has changed a record since it was read. */
export function unchanged({ stamp }: Pick<OutboxRecord, 'stamp'>): RecordChanges {
  return { [stampKey]: stamp ?? absent }
}

/** A change of a record in the form that the engine takes. */
export function recordPatch(entries: RecordChanges, expected?: RecordChanges): PatchRequest {
  return { ...dataPatch(entries, expected), isRecord: true }
}

/** A change of a session in the form that the engine takes; the limits apply to it. */
export function dataPatch(entries: RecordChanges, expected?: RecordChanges): PatchRequest {
  const changes = changesOf(entries)
  let lengthBound = 0
  let nests = false
  for (const name of changes.names) {
    const value = changes.values[name]
    const nested = typeof value === 'object'
    nests ||= nested
    lengthBound += 6 * name.length + (nested ? JSON.stringify(value).length : 6 * String(value).length) + 5
  }
  const removes = Object.values(entries).includes(absent)
  return {
    changes,
    removes,
    nests,
    expected: expected && changesOf(expected),
    ttlSeconds: undefined,
    lengthBound,
  }
}

/** Names and values in the form that the engine takes. */
export function changesOf(values: RecordChanges): Changes {
  return { names: Object.keys(values), values }
}

/** The condition that properties are as they were read. */
export function asRead(names: Iterable<string>, found: Properties): RecordChanges {
  const expected: RecordChanges = {}
  for (const name of names) setOwn(expected, name, orAbsent(valueAt(found, name)))
  return expected
}

/** An own property. */
export function valueAt(found: Properties, name: string): Found {
  return Object.hasOwn(found, name) ? found[name] : undefined
}

/** The value in a patch; `absent` if it does not exist. */
export function orAbsent(value: Found): JsonValue | typeof absent {
  // Not `??`: null is a value.
  return value === undefined ? absent : value
}

/** Whether both are the same value, or neither exists. */
export function isSame(a: Found, b: Found): boolean {
  return a === undefined || b === undefined ? a === b : jsonEqual(a, b)
}
