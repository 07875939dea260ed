import { absent } from './absent.ts'
import type { JsonValue, Properties } from './api.ts'
import { ContextStoreError, CorruptDataError, NamespaceNotFoundError, TooLargeError } from './errors.ts'
import type { AddressKey, Entries } from './storage-adapter.ts'
import type { StoreRules } from './store-options.ts'

/** Whether two JSON values are the same value: members in any order, numbers by value. */
export function jsonEqual(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => jsonEqual(item, b[index] as JsonValue))
    )
  }
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && jsonEqual(a[name] as JsonValue, b[name] as JsonValue))
  )
}

/** Whether `current` is as `expected` says. */
export function conditionHolds(expected: Entries, current: Properties): boolean {
  return expected.names.every((name) => {
    const value = expected.values[name] as JsonValue | typeof absent
    if (value === absent) return !Object.hasOwn(current, name)
    return Object.hasOwn(current, name) && jsonEqual(current[name] as JsonValue, value)
  })
}

/**
 * Sets a property on a plain object, `__proto__` among the names: that one by definition, since assigning it
 * would change the object's prototype instead.
 */
export function setOwn<T>(object: { [name: string]: T }, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  } else {
    object[name] = value
  }
}

/** The error of an adapter for an unknown namespace where namespaces are explicit. */
export function namespaceNotFound(account: string, namespace: string): NamespaceNotFoundError {
  return new NamespaceNotFoundError(`namespace ${quoted(namespace)} does not exist: create it first`, {
    address: { account, namespace },
  })
}

/** Throws where a session of that size passes a limit. */
export function checkSize(address: AddressKey, length: number, properties: number, rules: StoreRules): void {
  const { documentLength, properties: most } = rules.limits
  if (length <= documentLength && properties <= most) return
  const { account, namespace, session } = address
  const what =
    length > documentLength
      ? `${length} characters of JSON, limit ${documentLength}`
      : `${properties} properties, limit ${most}`
  throw new TooLargeError(`session ${quoted(session)} would have ${what}: remove some of it first`, {
    address: { account, namespace, session },
  })
}

/** The error to throw for one met while a session was read: of one that is damaged it says which it is. */
export function namingCorrupt(address: AddressKey, error: unknown): unknown {
  if (!ContextStoreError.is(error, 'corrupt') || error.address !== undefined) return error
  const { account, namespace, session } = address
  return new CorruptDataError(`session ${quoted(session)}: ${error.message}`, {
    address: { account, namespace, session },
    cause: error,
  })
}

/** A name for a message: quoted, and cut where it is long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name)
}
