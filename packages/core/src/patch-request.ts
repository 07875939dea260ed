import { absent } from './absent.ts'
import { checkName } from './address.ts'
import type { JsonValue, PatchOptions } from './api.ts'
import { ContextStoreError, InvalidOptionError, InvalidValueError } from './errors.ts'
import { copyChecked, countText, isPlainObject, type LengthCount } from './json-copy.ts'
import type { Entries, PatchRequest } from './storage-adapter.ts'
import type { StoreRules } from './store-options.ts'

/** Checks a patch, its condition and its options, and copies them. */
export function patchRequest(
  properties: unknown,
  expected: unknown,
  options: PatchOptions | undefined,
  rules: StoreRules,
): PatchRequest {
  const count: LengthCount = { least: 0, most: 2 }
  const changes = checkedEntries('the properties', properties, rules, count)
  const lengthBound = count.most
  return {
    changes,
    expected: expected === undefined ? undefined : checkedCondition(expected, rules),
    ttlSeconds: checkTtl(options?.ttlSeconds),
    lengthBound,
  }
}

/** Checks a time to live: whole seconds from 0 to 10^10, past which instants leave the range of a Date. */
export function checkTtl(ttlSeconds: number | undefined): number | undefined {
  if (ttlSeconds === undefined) return undefined
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > 1e10) {
    throw new InvalidOptionError('ttlSeconds: whole seconds from 0 to 10000000000')
  }
  return ttlSeconds === 0 ? 0 : ttlSeconds
}

function checkedCondition(expected: unknown, rules: StoreRules): Entries {
  if (typeof expected === 'object' && expected !== null) {
    for (const name of Object.keys(expected)) {
      if (Reflect.get(expected, name) === undefined) {
        throw new InvalidValueError(
          name,
          'is expected to be undefined: use absent for what must not be there',
        )
      }
    }
  }
  return checkedEntries('the condition', expected, rules, { least: 0, most: 0 })
}

function checkedEntries(what: string, entries: unknown, rules: StoreRules, count: LengthCount): Entries {
  try {
    return copiedEntries(what, entries, rules, count)
  } catch (error) {
    if (ContextStoreError.is(error)) throw error
    // A getter or a proxy of the caller's threw.
    throw new InvalidValueError('', `${what} cannot be read`, { cause: error })
  }
}

function copiedEntries(what: string, entries: unknown, rules: StoreRules, count: LengthCount): Entries {
  if (typeof entries !== 'object' || entries === null || !isPlainObject(entries)) {
    throw new InvalidValueError('', `${what}: a plain object of names and values`)
  }
  // The array of the keys becomes that of the names; what is undefined is left out of it.
  const names = Object.keys(entries)
  const values = new Array<JsonValue | typeof absent>(names.length)
  let kept = 0
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    const value = (entries as { [name: string]: unknown })[name]
    if (value === undefined) continue
    checkName(name, rules)
    names[kept] = name
    if (value === absent) {
      values[kept] = absent
    } else {
      countText(name, count)
      count.most += 2
      values[kept] = copyChecked(value, name, rules, count)
    }
    kept++
  }
  if (kept < names.length) names.length = values.length = kept
  if (Object.getOwnPropertySymbols(entries).length > 0) {
    throw new InvalidValueError('', `${what}: has a member named by a symbol, which JSON cannot say`)
  }
  return { names, values }
}
