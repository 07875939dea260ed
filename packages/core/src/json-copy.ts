import type { JsonValue } from './api.ts'
import { InvalidValueError, TooLargeError } from './errors.ts'
import { setOwn } from './session-rules.ts'
import type { StoreRules } from './store-options.ts'

/** Where a copy stands: the containers around it, innermost first, each with the member being copied. */
interface Place {
  readonly around: Place | undefined
  readonly container: object
  readonly depth: number
  member: string | number
}

/** Counts the compact JSON of what is copied, in UTF-16 units. */
export interface LengthCount {
  /** Never more than the true length. */
  least: number
  /** Never less than the true length. */
  most: number
}

/**
 * Checks a value and copies it in one walk, so that nothing is read twice (a getter may answer differently the
 * second time) and the copy is nobody else's.
 *
 * `count.least` bounds the walk: an object that holds another many times over may be small in memory and
 * endless as JSON.
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
      if (!Number.isFinite(value)) return refuse(name, `is ${value}, which JSON cannot say: use null`)
      count.least += 1
      count.most += 25
      return value === 0 ? 0 : value
    case 'boolean':
      count.least += 4
      count.most += 5
      return value
    case 'object':
      if (value === null) {
        count.least += 4
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

/** Copies a value that is JSON already: a container whole at first, at one stroke, then what is inside it. */
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
  // Over twice as fast as a walk over keys; what somebody hung on every object is told by its owner.
  for (const name in copy) {
    const member = copy[name] as JsonValue
    if (typeof member === 'object' && member !== null && Object.hasOwn(copy, name)) {
      setOwn(copy, name, copyJson(member))
    }
  }
  return copy
}

/** The members of an object that are there; taking the others out of it would make it slow to read. */
export function withoutUndefined(object: { readonly [name: string]: unknown }): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(object).filter(([, member]) => member !== undefined))
}

/** Counts a text or a name as JSON: at least its characters, at most all of them escaped. */
export function countText(text: string, count: LengthCount): void {
  count.least += text.length + 2
  count.most += text.length * 6 + 2
}

/** Whether an object is plain: of no class, whichever realm it comes from. */
export function isPlainObject(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (Array.isArray(value)) return false
  // Most are of this realm; the prototype of another one's objects ends their chain too.
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

function copyContainer(value: object, place: Place, rules: StoreRules, count: LengthCount): JsonValue {
  const { depth, documentLength } = rules.limits
  if (place.depth >= depth) {
    return refuse(
      pathOf(place),
      isCycle(value, place) ? 'is a cycle' : `is deeper than the limit of ${depth}`,
    )
  }
  if (count.least > documentLength) {
    throw new TooLargeError(`the patch is longer than the limit of ${documentLength} characters of JSON`)
  }
  count.least += 2
  count.most += 2
  const inside: Place = { around: place, container: value, depth: place.depth + 1, member: 0 }
  if (Array.isArray(value)) {
    // The prototype of plain arrays is itself an array, in every realm; that of a subclass is not.
    if (!Array.isArray(Object.getPrototypeOf(value))) return refuse(pathOf(place), hintFor(value))
    return copyArray(value, inside, rules, count)
  }
  if (!isPlainObject(value)) return refuse(pathOf(place), hintFor(value))
  return copyObject(value, inside, rules, count)
}

function copyArray(value: unknown[], place: Place, rules: StoreRules, count: LengthCount): JsonValue[] {
  const { length } = value
  // As long as it has to be, where pushing leaves room for many more; not as long as a forged length says.
  const copy = new Array<JsonValue>(Math.min(length, 1024))
  for (let index = 0; index < length; index++) {
    place.member = index
    copy[index] = copyMember(value[index], place, rules, count)
  }
  return copy
}

function copyObject(value: object, place: Place, rules: StoreRules, count: LengthCount): JsonValue {
  const copy: { [name: string]: unknown } = { ...value }
  let lacks = false
  for (const name of Object.keys(copy)) {
    place.member = name
    const member = copy[name]
    if (member === undefined) {
      lacks = true
      continue
    }
    if (!name.isWellFormed()) return refuse(pathOf(place), 'has a lone surrogate in its name')
    countText(name, count)
    const kept = copyMember(member, place, rules, count)
    if (!Object.is(kept, member)) setOwn(copy, name, kept)
  }
  if (Object.getOwnPropertySymbols(copy).length > 0) {
    return refuse(pathOf(place.around), 'has a member named by a symbol, which JSON cannot say')
  }
  return (lacks ? withoutUndefined(copy) : copy) as JsonValue
}

function copyMember(member: unknown, place: Place, rules: StoreRules, count: LengthCount): JsonValue {
  count.least += 1
  count.most += 2
  if (typeof member === 'object' && member !== null) return copyContainer(member, place, rules, count)
  try {
    return copyChecked(member, '', rules, count)
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error
    return refuse(pathOf(place), error.reason)
  }
}

function isCycle(value: object, place: Place | undefined): boolean {
  for (let at = place?.around; at !== undefined; at = at.around) if (at.container === value) return true
  return false
}

function pathOf(place: Place | undefined): string {
  if (place === undefined) return ''
  const { around, member } = place
  if (around === undefined) return String(member)
  if (typeof member === 'number') return `${pathOf(around)}[${member}]`
  const plain = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(member)
  return pathOf(around) + (plain ? `.${member}` : `[${JSON.stringify(member)}]`)
}

function hintFor(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'is undefined, or a hole: use null'
    case 'bigint':
      return 'is a BigInt: use String(value)'
    case 'function':
    case 'symbol':
      return `is a ${typeof value}, which JSON cannot say`
    default:
      break
  }
  const type = Object.prototype.toString.call(value).slice(8, -1)
  if (type === 'Date') return 'is a Date: use toISOString()'
  if (type === 'Map') return 'is a Map: use Object.fromEntries(map)'
  if (type === 'Set') return 'is a Set: use [...set]'
  return 'is the instance of a class: use a plain object, such as { ...value }'
}

function refuse(path: string, reason: string): never {
  throw new InvalidValueError(path, reason)
}
