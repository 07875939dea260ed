import { absent } from '../api/absent.ts'
import type { JsonValue, Properties } from '../api/context-store.ts'
import { present } from '../api/present.ts'
import type { Condition } from '../port/patch-request.ts'

/** Whether `current` meets the condition. */
export function conditionHolds(expected: Condition, current: Properties): boolean {
  return expected.names.every((name) => {
    const value = expected.values[name] as JsonValue | typeof absent | typeof present
    const isThere = Object.hasOwn(current, name)
    if (value === absent) return !isThere
    return isThere && (value === present || jsonEqual(current[name] as JsonValue, value))
  })
}

/** Whether two JSON values are equal: members in any order, numbers by value. */
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
