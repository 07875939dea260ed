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
  condition: unknown,
  options: PatchOptions | undefined,
  rules: StoreRules,
): PatchRequest {
  try {
    const count: LengthCount = { least: 0, most: 2 }
    const { names, values, removes, nests } = checkedEntries('properties', properties, rules, count)
    const lengthBound = count.most
    const expected =
      condition === undefined ? undefined : checkedEntries('condition', condition, rules, count)
    const ttlSeconds = checkTtl(options?.ttlSeconds)
    return { changes: { names, values }, removes, nests, expected, ttlSeconds, lengthBound }
  } catch (cause) {
    if (ContextStoreError.is(cause)) throw cause
    // A getter or a proxy of the caller's threw.
    throw new InvalidValueError('', 'the patch cannot be read', { cause })
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

interface CheckedEntries extends Entries {
  readonly removes: boolean
  readonly nests: boolean
}

function checkedEntries(
  what: 'properties' | 'condition',
  entries: unknown,
  rules: StoreRules,
  count: LengthCount,
): CheckedEntries {
  if (typeof entries !== 'object' || entries === null || !isPlainObject(entries)) {
    throw new InvalidValueError('', `the ${what}: a plain object of names and values`)
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
      if (what === 'condition') {
        throw new InvalidValueError(name, 'is undefined: use absent for what must not be there')
      }
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
    throw new InvalidValueError('', `the ${what}: has a member named by a symbol, which JSON cannot say`)
  }
  const kept = (lacks ? withoutUndefined(values) : values) as Entries['values']
  return { names: lacks ? Object.keys(kept) : names, values: kept, removes, nests }
}
