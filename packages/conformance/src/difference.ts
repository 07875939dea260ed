/**
 * Describes where `actual` is not the same value as `expected`; `undefined`: nowhere.
 *
 * Own enumerable members are compared, including `__proto__`, in any order; -0 is not 0; where a plain object is
 * expected, an object with another prototype differs.
 */
export function difference(actual: unknown, expected: unknown, path = 'it'): string | undefined {
  if (Object.is(actual, expected)) return undefined
  if (!isObject(actual) || !isObject(expected))
    return `${path} is ${show(actual)}, expected ${show(expected)}`
  if (actual instanceof Date || expected instanceof Date) {
    const same = actual instanceof Date && expected instanceof Date && actual.getTime() === expected.getTime()
    return same ? undefined : `${path} is ${show(actual)}, expected ${show(expected)}`
  }
  if (Array.isArray(actual) !== Array.isArray(expected))
    return `${path} is ${show(actual)}, expected ${show(expected)}`
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) {
    return `${path} has ${actual.length} items, expected ${expected.length}: ${show(actual)}`
  }
  if (!Array.isArray(actual) && !isPlain(actual)) return `${path} is not a plain object: ${show(actual)}`
  for (const name of Object.keys(expected)) {
    const inner = `${path}[${JSON.stringify(name)}]`
    if (!Object.hasOwn(actual, name)) return `${inner} is missing, expected ${show(memberOf(expected, name))}`
    const found = difference(memberOf(actual, name), memberOf(expected, name), inner)
    if (found !== undefined) return found
  }
  const extra = Object.keys(actual).find((name) => !Object.hasOwn(expected, name))
  if (extra === undefined) return undefined
  return `${path}[${JSON.stringify(extra)}] is ${show(memberOf(actual, extra))}, expected none`
}

/** A description of a value, short enough for a message. */
export function show(value: unknown): string {
  const text = words(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function words(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? 'an invalid Date' : `Date ${value.toISOString()}`
  if (!isObject(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value)
  try {
    return JSON.stringify(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Reads an own member; a plain read of `__proto__` returns the prototype if there is no such own member. */
function memberOf(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value
}
