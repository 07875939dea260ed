import { absent } from './absent.ts'
import { checkName } from './address.ts'
import type { PatchOptions } from './api.ts'
import { ContextStoreError, InvalidOptionError, InvalidValueError } from './errors.ts'
import { copyChecked, countText, isPlainObject, type LengthCount, withoutUndefined } from './json-copy.ts'
import { setOwn } from './session-rules.ts'
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
  const { names, values, removes, nests } = checkedEntries('the properties', properties, rules, count)
  return {
    changes: { names, values },
    removes,
    nests,
    expected: expected === undefined ? undefined : checkedCondition(expected, rules),
    ttlSeconds: checkTtl(options?.ttlSeconds),
    lengthBound: count.most,
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

interface CheckedEntries extends Entries {
  readonly removes: boolean
  readonly nests: boolean
}

function checkedEntries(
  what: string,
  entries: unknown,
  rules: StoreRules,
  count: LengthCount,
): CheckedEntries {
  try {
    return copiedEntries(what, entries, rules, count)
  } catch (error) {
    if (ContextStoreError.is(error)) throw error
    // A getter or a proxy of the caller's threw.
    throw new InvalidValueError('', `${what} cannot be read`, { cause: error })
  }
}

function copiedEntries(
  what: string,
  entries: unknown,
  rules: StoreRules,
  count: LengthCount,
): CheckedEntries {
  if (typeof entries !== 'object' || entries === null || !isPlainObject(entries)) {
    throw new InvalidValueError('', `${what}: a plain object of names and values`)
  }
  // At one stroke: every getter is asked once, and what is checked is what is kept.
  const values: { [name: string]: unknown } = { ...entries }
  const names = Object.keys(values)
  let removes = false
  let nests = false
  let lacks = false
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    const value = values[name]
    if (value === undefined) {
      lacks = true
      continue
    }
    checkName(name, rules)
    if (value === absent) {
      removes = true
      continue
    }
    countText(name, count)
    count.most += 2
    const copy = copyChecked(value, name, rules, count)
    if (Object.is(copy, value)) continue
    setOwn(values, name, copy)
    nests ||= typeof copy === 'object'
  }
  if (Object.getOwnPropertySymbols(values).length > 0) {
    throw new InvalidValueError('', `${what}: has a member named by a symbol, which JSON cannot say`)
  }
  const kept = (lacks ? withoutUndefined(values) : values) as Entries['values']
  return { names: lacks ? Object.keys(kept) : names, values: kept, removes, nests }
}
