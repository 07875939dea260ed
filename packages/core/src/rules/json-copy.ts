import { absent } from '../api/absent.ts'
import type { JsonValue } from '../api/context-store.ts'
import { ContextStoreError, InvalidValueError, TooLargeError } from '../api/errors.ts'
import { setOwn } from './own-property.ts'
import type { StoreRules } from './store-rules.ts'

/** The current position: the containers around the value, innermost first, each with the member being copied. */
interface Location {
  readonly around: Location | undefined
  readonly container: object
  readonly depth: number
  member: string | number
}

/** How many characters of a path a message shows. */
const longestPath = 120

/** Counts the compact JSON of the copied values, in UTF-16 units. A plain object: a class costs a tenth of a patch. */
export interface LengthCount {
  /** Never more than the true length. */
  least: number
  /** Never less than the true length. */
  most: number
  /** Members that are undefined: they are not part of the JSON, but cost time. */
  leftOut: number
  /** The limit for `least`: a longer text fits in no session. */
  readonly limit: number
  /** What is counted, for the error's message. */
  readonly what: 'patch' | 'condition'
}

/**
 * Checks and copies a value in one pass: nothing is read twice, since a getter may return another value the second time,
 * and nothing else refers to the copy. `count` limits the work.
 */
export function copyChecked(value: unknown, name: string, rules: StoreRules, count: LengthCount): JsonValue {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) {
        return refuse(name, 'holds a lone surrogate: repair it with toWellFormed()')
      }
      countText(value, count)
      return value
    case 'number':
      if (!Number.isFinite(value)) return refuse(name, `is ${value}, which JSON cannot express: use null`)
      countLeast(count, 1)
      count.most += 25
      return value === 0 ? 0 : value
    case 'boolean':
      countLeast(count, 4)
      count.most += 5
      return value
    case 'object':
      if (value === null) {
        countLeast(count, 4)
        count.most += 4
        return null
      }
      return copyContainer(
        value,
        { around: undefined, container: value, depth: 0, member: name },
        rules,
        count,
      )
    default:
      return refuse(name, hintFor(value))
  }
}

/** Copies a value that is known to be JSON: spreads each container, then replaces its nested values with copies. */
export function copyJson(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const copy = value.slice()
    for (let index = 0; index < copy.length; index++) {
      const member = copy[index] as JsonValue
      if (typeof member === 'object' && member !== null) copy[index] = copyJson(member)
    }
    return copy
  }
  const copy = { ...value }
  // More than twice as fast as Object.keys; hasOwn excludes members added to Object.prototype.
  for (const name in copy) {
    const member = copy[name] as JsonValue
    if (typeof member === 'object' && member !== null && Object.hasOwn(copy, name)) {
      setOwn(copy, name, copyJson(member))
    }
  }
  return copy
}

/** Copies the members that are not undefined to a new object: `delete` would make the old one slow to read. */
export function withoutUndefined(object: { readonly [name: string]: unknown }): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(object).filter(([, member]) => member !== undefined))
}

/**
 * Counts at least `least` characters.
 *
 * @throws {@link TooLargeError} past the limit. This catches a value that refers many times to one long text, small in
 *   memory and huge as JSON, before it is serialized.
 */
function countLeast(count: LengthCount, least: number): void {
  count.least += least
  if (count.least > count.limit) {
    throw new TooLargeError(`the ${count.what} is longer than the limit of ${count.limit} characters of JSON`)
  }
}

/** Counts a string or a name as JSON: at least its characters, at most all of them escaped. */
export function countText(text: string, count: LengthCount): void {
  countLeast(count, text.length + 2)
  count.most += text.length * 6 + 2
}

/** Whether the value looks like a promise. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Whether an object is plain, not an instance of a class, in whichever realm it was created. */
export function isPlainObject(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (Array.isArray(value)) return false
  // Most are from this realm. In any realm, Object.prototype ends the chain and has this method.
  if (prototype === Object.prototype || prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

function copyContainer(value: object, location: Location, rules: StoreRules, count: LengthCount): JsonValue {
  const { depth } = rules.limits
  if (location.depth >= depth) {
    return refuse(
      pathOf(location),
      isCycle(value, location) ? 'is a cycle' : `is deeper than the limit of ${depth}`,
    )
  }
  // One less for an array with members, since each member counts a comma below.
  countLeast(count, Array.isArray(value) && value.length > 0 ? 1 : 2)
  count.most += 2
  const inside: Location = { around: location, container: value, depth: location.depth + 1, member: 0 }
  if (Array.isArray(value)) {
    // In every realm, the prototype of a plain array is itself an array; that of a subclass is not.
    if (!Array.isArray(Object.getPrototypeOf(value))) return refuse(pathOf(location), hintFor(value))
    return copyArray(value, inside, rules, count)
  }
  if (!isPlainObject(value)) return refuse(pathOf(location), hintFor(value))
  return copyObject(value, inside, rules, count)
}

function copyArray(value: unknown[], location: Location, rules: StoreRules, count: LengthCount): JsonValue[] {
  const { length } = value
  // Preallocated, since push over-allocates; capped, since a proxy can report any length.
  const copy = new Array<JsonValue>(Math.min(length, 1024))
  for (let index = 0; index < length; index++) {
    location.member = index
    copy[index] = copyMember(value[index], location, rules, count)
  }
  // Such as the result of match(), which has `index`, `input` and `groups`. Reflect.ownKeys would take twice as long.
  if (Object.keys(value).length > length || Object.getOwnPropertySymbols(value).length > 0) {
    return refuse(pathOf(location.around), 'is an array with named members: use { ...value }, or [...value]')
  }
  return copy
}

function copyObject(value: object, location: Location, rules: StoreRules, count: LengthCount): JsonValue {
  const copy: { [name: string]: unknown } = { ...value }
  let lacks = false
  for (const name of Object.keys(copy)) {
    location.member = name
    const member = copy[name]
    if (member === undefined) {
      lacks = true
      if (++count.leftOut > rules.limits.properties) {
        return refuse(pathOf(location.around), 'has too many undefined members: remove them')
      }
      continue
    }
    if (!name.isWellFormed()) return refuse(pathOf(location), 'has a lone surrogate in its name')
    countText(name, count)
    const kept = copyMember(member, location, rules, count)
    if (!Object.is(kept, member)) setOwn(copy, name, kept)
  }
  if (Object.getOwnPropertySymbols(copy).length > 0) {
    return refuse(pathOf(location.around), 'has a symbol key, which JSON cannot express')
  }
  return (lacks ? withoutUndefined(copy) : copy) as JsonValue
}

function copyMember(member: unknown, location: Location, rules: StoreRules, count: LengthCount): JsonValue {
  countLeast(count, 1)
  count.most += 2
  if (typeof member === 'object' && member !== null) return copyContainer(member, location, rules, count)
  try {
    return copyChecked(member, '', rules, count)
  } catch (error) {
    if (!ContextStoreError.is(error, 'invalid-value')) throw error
    return refuse(pathOf(location), error.reason)
  }
}

function isCycle(value: object, location: Location | undefined): boolean {
  for (let at = location?.around; at !== undefined; at = at.around) if (at.container === value) return true
  return false
}

/** The path of a value, truncated if it is long, as for a cycle. */
function pathOf(location: Location | undefined): string {
  const path = wholePath(location)
  return path.length > longestPath ? `${path.slice(0, longestPath)}…` : path
}

function wholePath(location: Location | undefined): string {
  if (location === undefined) return ''
  const { around, member } = location
  if (around === undefined) return String(member)
  if (typeof member === 'number') return `${wholePath(around)}[${member}]`
  const plain = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(member)
  return wholePath(around) + (plain ? `.${member}` : `[${JSON.stringify(member)}]`)
}

function hintFor(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'is undefined or a hole: use null'
    case 'bigint':
      return 'is a BigInt: use String(value)'
    case 'symbol':
      if (value === absent) return 'is absent, which works at the top level only: leave it out'
      return 'is a symbol, which JSON cannot express'
    case 'function':
      return `is a ${typeof value}, which JSON cannot express`
    default:
      break
  }
  const type = Object.prototype.toString.call(value).slice(8, -1)
  if (type === 'Date') return 'is a Date: use toISOString()'
  if (type === 'Map') return 'is a Map: use Object.fromEntries(map)'
  if (type === 'Set') return 'is a Set: use [...set]'
  if (isThenable(value)) return 'is a promise: await it'
  return 'is an instance of a class: use a string, a number or a plain object'
}

function refuse(path: string, reason: string): never {
  throw new InvalidValueError(path, reason)
}
