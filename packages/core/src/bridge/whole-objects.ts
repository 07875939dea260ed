import { absent } from '../api/absent.ts'
import type { Expected, JsonValue, Properties, Session, SessionAddress } from '../api/context-store.ts'
import { ConflictError } from '../api/errors.ts'
import { setOwn } from '../rules/own-property.ts'
import { storableJson, storableText } from './storable-json.ts'

declare const crypto: { randomUUID(): string }

/** The property of a session that holds a token, generated when an object is created and removed when it ends. */
const lifeMark = '@life'
/** The property of a session that holds a value that is not a plain object: an array, a string. */
const valueMark = '@value'

/** How many sessions that a read did not find are remembered; the oldest are forgotten first. */
const mostMissed = 10_000
/** How many times a write that loses races is tried. */
const mostTries = 100

/** Options of {@link WholeObjects.write}. */
export interface WriteOptions {
  /** The session's own time to live: whole seconds, 0: it never expires. A write that changes nothing restarts it, too. */
  readonly ttlSeconds?: number | undefined
  /** The condition of the write, on top-level properties. */
  readonly expected?: Expected | undefined
  /** Top-level properties that the bridge sets in the same atomic write, overriding members of the object. */
  readonly also?: Properties | undefined
}

type Changes = { [name: string]: JsonValue | typeof absent }

/** What is known about an object that `read` returned or `write` wrote. */
interface Known {
  readonly address: string
  /** The token of its session; `undefined` if the session has not been created yet. */
  readonly life: string | undefined
  /** The JSON text of each property as it was last read or written. */
  texts: ReadonlyMap<string, string>
}

/**
 * Stores objects for a runtime that reads a whole object, changes it, and writes the whole object back. Each object is a
 * session, and each of its top-level members a property. A write stores only what changed since the object was read, so
 * two writers that read the same object and change different members both succeed. It happens only if the session that
 * was read still exists, so an object that was deleted or has expired meanwhile does not come back.
 *
 * Objects are recognised by identity: the runtime must write the object that it read. If it makes its own copy, the
 * bridge must call {@link WholeObjects.copied}. Any other object replaces the stored one, unless the last read of the
 * session found nothing. Then it is a new object, and if another writer has created the session meanwhile, the two are
 * merged.
 *
 * Values are JSON as `JSON.stringify` makes it ({@link storableJson}). A value that is not a plain object is stored as
 * one property. Names that start with `@` are stored with a second `@`; names with a single `@` are reserved for this
 * class.
 *
 * A bridge uses one `WholeObjects` for all its sessions. Its methods reject with the store's errors (see `Session`).
 */
export class WholeObjects {
  readonly #known = new WeakMap<object, Known>()
  /** By address: how many reads found no session and have not been followed by a write; reset when one is found. */
  readonly #missed = new Map<string, number>()

  /**
   * Reads an object, which the caller may change; `undefined` if it does not exist.
   *
   * @param initial - returns a value to use instead of `undefined`. It is stored once it is written with a change. If two
   *   writers create a session at the same time, each writes only what differs from this value
   */
  async read(session: Session, initial?: () => unknown): Promise<unknown> {
    const properties = await session.getAll()
    const address = textOf(session.address)
    if (Object.keys(properties).length === 0) {
      const begun = initial?.()
      if (typeof begun === 'object' && begun !== null) {
        this.#known.set(begun, { address, life: undefined, texts: textsOf(begun) })
      } else {
        this.#miss(address)
      }
      return begun
    }
    this.#missed.delete(address)
    const value = this.valueOf(properties)
    const life = properties[lifeMark]
    if (typeof value === 'object' && value !== null && typeof life === 'string') {
      this.#known.set(value, { address, life, texts: textsOf(value) })
    }
    return value
  }

  /**
   * Writes an object; `undefined` deletes it.
   *
   * @returns `false` if nothing was written, because the object's session has ended or `expected` does not hold
   * @throws `TypeError` as `JSON.stringify` does: a cycle, a BigInt
   */
  async write(session: Session, value: unknown, options: WriteOptions = {}): Promise<boolean> {
    if (storesNothing(value)) {
      await this.delete(session)
      return true
    }
    const known = this.#knownAt(session, value)
    const texts = textsOf(value)
    if (known !== undefined && isUnchanged(known.texts, texts, options)) return true
    return known?.life === undefined
      ? this.#begin(session, value, texts, known?.texts, options)
      : this.#writeChanges(session, known, known.life, texts, options)
  }

  /**
   * Restarts the time to live of an object's session.
   *
   * @param ttlSeconds - whole seconds from 0 (never expires) to 10^10
   * @param also - top-level properties to set in the same atomic write
   * @returns `false` if the session does not exist, or is no longer the one that `value` was read from
   */
  async touch(session: Session, value: unknown, ttlSeconds: number, also?: Properties): Promise<boolean> {
    const life = this.#knownAt(session, value)?.life ?? (await session.get(lifeMark))
    if (life === undefined) return false
    const changes = changesBetween(noTexts, noTexts, also)
    return (await session.patchIf({ [lifeMark]: life }, changes, { ttlSeconds })).ok
  }

  /** Deletes an object; a missing object is not an error. */
  async delete(session: Session): Promise<void> {
    this.#missed.delete(textOf(session.address))
    await session.clear()
  }

  /** Records that the runtime has copied an object that `read` returned, and is going to write the copy. */
  copied(original: object, copy: object): void {
    const known = this.#known.get(original)
    if (known !== undefined) this.#known.set(copy, { ...known })
  }

  /** Converts a session's properties to the stored value, for listings with properties; it is not remembered. */
  valueOf(properties: Partial<Properties>): unknown {
    if (Object.hasOwn(properties, valueMark)) return properties[valueMark]
    const value: Properties = {}
    for (const [name, member] of Object.entries(properties)) {
      if (member === undefined) continue
      if (!name.startsWith('@')) setOwn(value, name, member)
      else if (name.startsWith('@@')) setOwn(value, name.slice(1), member)
    }
    return value
  }

  #knownAt(session: Session, value: unknown): Known | undefined {
    const known = typeof value === 'object' && value !== null ? this.#known.get(value) : undefined
    return known?.address === textOf(session.address) ? known : undefined
  }

  async #writeChanges(
    session: Session,
    known: Known,
    life: string,
    texts: ReadonlyMap<string, string>,
    { ttlSeconds, expected, also }: WriteOptions,
  ): Promise<boolean> {
    const changes = changesBetween(known.texts, texts, also)
    const { ok } = await session.patchIf(conditionOf({ [lifeMark]: life }, expected), changes, { ttlSeconds })
    if (ok) known.texts = texts
    return ok
  }

  /**
   * Writes an object whose session is not known: creates the session, or merges with a writer that created it meanwhile,
   * or replaces the stored object.
   */
  async #begin(
    session: Session,
    value: unknown,
    texts: ReadonlyMap<string, string>,
    initial: ReadonlyMap<string, string> | undefined,
    { ttlSeconds, expected, also }: WriteOptions,
  ): Promise<boolean> {
    const address = textOf(session.address)
    const isWhole = texts.has(valueMark)
    const hasMissed = this.#missed.has(address)
    let merges = (hasMissed || initial !== undefined) && !isWhole
    let found: Partial<Properties> = merges ? {} : await session.getAll()
    for (let tries = 0; tries < mostTries; tries++) {
      const { [lifeMark]: life, ...members } = found
      const base = merges ? (life !== undefined && initial) || noTexts : textsOfNames(members)
      const changes = changesBetween(base, texts, also)
      // A session has members or a whole value, never both: a new token stops writers that hold the other kind.
      const isSameKind = merges || Object.hasOwn(members, valueMark) === isWhole
      const token = typeof life === 'string' && isSameKind ? life : crypto.randomUUID()
      changes[lifeMark] = token
      const marks: Changes = { [lifeMark]: life ?? absent }
      if (merges) marks[valueMark] = absent
      const result = await session.patchIf(conditionOf(marks, expected), changes, { ttlSeconds })
      if (result.ok) {
        // Not earlier: a write that fails and is retried still counts as one whose read found nothing.
        if (hasMissed) this.#forgetMiss(address)
        if (typeof value === 'object' && value !== null)
          this.#known.set(value, { address, life: token, texts })
        return true
      }
      const hasValue = Object.hasOwn(result.current, valueMark)
      if (result.current[lifeMark] === life && !(merges && hasValue)) return false
      if (hasValue) merges = false
      found = merges ? result.current : await session.getAll()
    }
    throw new ConflictError(
      `session: it was deleted and recreated during each of ${mostTries} attempts: try again`,
    )
  }

  #miss(address: string): void {
    const missed = this.#missed.get(address) ?? 0
    this.#missed.delete(address)
    this.#missed.set(address, missed + 1)
    if (this.#missed.size > mostMissed) {
      const [oldest] = this.#missed.keys()
      if (oldest !== undefined) this.#missed.delete(oldest)
    }
  }

  #forgetMiss(address: string): void {
    const missed = this.#missed.get(address) ?? 0
    if (missed > 1) this.#missed.set(address, missed - 1)
    else this.#missed.delete(address)
  }
}

function textOf({ account, namespace, session }: Required<SessionAddress>): string {
  return JSON.stringify([account, namespace, session])
}

function storesNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol'
}

/** The properties of a value: their names in the session, and the JSON text of each. */
function textsOf(value: unknown): Map<string, string> {
  const plain = isPlain(value) ? value : storableJson(value)
  const texts = new Map<string, string>()
  if (!isPlain(plain)) return texts.set(valueMark, storableText(plain) ?? 'null')
  for (const [name, member] of Object.entries(plain)) {
    const text = storableText(member)
    if (text !== undefined) texts.set(escaped(name.toWellFormed()), text)
  }
  return texts
}

/** Whether JSON.stringify would write its members: an object that is not an array and has no `toJSON`. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !hasToJson(value)
}

function hasToJson(value: { readonly toJSON?: unknown }): boolean {
  return typeof value.toJSON === 'function'
}

function escaped(name: string): string {
  return name.startsWith('@') ? `@${name}` : name
}

function conditionOf(marks: Expected, expected: Expected = {}): Expected {
  const condition: { [name: string]: Expected[string] } = { ...marks }
  for (const [name, value] of Object.entries(expected)) setOwn(condition, escaped(name), value)
  return condition
}

const noTexts: ReadonlyMap<string, string> = new Map()

/** Texts that equal no JSON text, so that every stored property is replaced. */
function textsOfNames(properties: Partial<Properties>): Map<string, string> {
  return new Map(Object.keys(properties).map((name) => [name, '']))
}

function isUnchanged(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  { ttlSeconds, expected, also }: WriteOptions,
): boolean {
  return (
    ttlSeconds === undefined &&
    expected === undefined &&
    also === undefined &&
    before.size === after.size &&
    [...after].every(([name, text]) => before.get(name) === text)
  )
}

function changesBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  also: Properties = {},
): Changes {
  const changes: Changes = {}
  for (const name of before.keys()) if (!after.has(name)) setOwn(changes, name, absent)
  for (const [name, text] of after) if (before.get(name) !== text) setOwn(changes, name, JSON.parse(text))
  for (const [name, member] of Object.entries(also)) setOwn(changes, escaped(name), member)
  return changes
}
