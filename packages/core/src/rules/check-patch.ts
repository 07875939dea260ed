import { absent } from '../api/absent.ts'
import type { Patch, PatchOptions } from '../api/context-store.ts'
import { ContextStoreError, InvalidOptionError, InvalidValueError } from '../api/errors.ts'
import { present } from '../api/present.ts'
import type { Changes, Condition, PatchRequest } from '../port/patch-request.ts'
import { checkName, type NameRules } from './check-address.ts'
import {
  copyChecked,
  countText,
  isPlainObject,
  isThenable,
  type LengthCount,
  withoutUndefined,
} from './json-copy.ts'
import { checkedOptions } from './options.ts'
import { setOwn } from './own-property.ts'
import { mostTtlSeconds } from './session-life.ts'
import type { StoreRules } from './store-rules.ts'

/** Checks and copies a patch, its condition if it has one, and its options. */
export function checkPatch(
  properties: unknown,
  condition: unknown,
  options: unknown,
  rules: StoreRules,
  names: NameRules,
): PatchRequest {
  const count: LengthCount = {
    least: 0,
    most: 2,
    leftOut: 0,
    limit: rules.limits.documentLength,
    what: 'patch',
  }
  const changes = checkedEntries('properties', properties, rules, names, count)
  const expected = condition === undefined ? undefined : checkCondition(condition, rules, names)
  const { removes, nests } = changes
  const ttlSeconds = checkTtl(options)
  return { changes: changes as Changes, removes, nests, expected, ttlSeconds, lengthBound: count.most }
}

/** Checks and copies a condition. */
export function checkCondition(condition: unknown, rules: StoreRules, names: NameRules): Condition {
  const count: LengthCount = {
    least: 0,
    most: 2,
    leftOut: 0,
    limit: rules.limits.documentLength,
    what: 'condition',
  }
  return checkedEntries('condition', condition ?? null, rules, names, count)
}

/**
 * Checks the options of a patch or of a namespace, and returns the time to live: whole seconds from 0 to 10^10.
 */
export function checkTtl(options: unknown): number | undefined {
  if (options === undefined) return undefined
  const { ttlSeconds } = checkedOptions(options as PatchOptions, ['ttlSeconds'])
  if (ttlSeconds === undefined) return undefined
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > mostTtlSeconds) {
    throw new InvalidOptionError('ttlSeconds: must be a whole number of seconds from 0 to 10000000000')
  }
  return ttlSeconds === 0 ? 0 : ttlSeconds
}

interface CheckedEntries extends Condition {
  readonly removes: boolean
  readonly nests: boolean
}

function checkedEntries(
  what: 'properties' | 'condition',
  entries: unknown,
  rules: StoreRules,
  nameRules: NameRules,
  count: LengthCount,
): CheckedEntries {
  try {
    return copyEntries(what, entries, rules, nameRules, count)
  } catch (cause) {
    if (ContextStoreError.is(cause)) throw cause
    // A getter or proxy in the argument threw.
    throw new InvalidValueError('', `the ${what} cannot be read: see the cause`, { cause })
  }
}

function copyEntries(
  what: 'properties' | 'condition',
  entries: unknown,
  rules: StoreRules,
  nameRules: NameRules,
  count: LengthCount,
): CheckedEntries {
  if (typeof entries !== 'object' || entries === null || !isPlainObject(entries)) {
    if (isThenable(entries)) throw new InvalidValueError('', `the ${what} is a promise: await it`)
    throw new InvalidValueError('', `the ${what} must be a plain object of names and values`)
  }
  // A spread calls each getter once, so the value that is checked is the value that is kept.
  const values: { [name: string]: unknown } = { ...(entries as Patch) }
  const names = Object.keys(values)
  let removes = false
  let nests = false
  let lacks = false
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    const value = values[name]
    if (value === undefined) {
      if (what === 'condition') {
        throw new InvalidValueError(name, 'is undefined: use absent if it must not exist')
      }
      lacks = true
      continue
    }
    checkName(name, nameRules)
    if (value === absent) {
      removes = true
      continue
    }
    if (value === present) {
      if (what === 'condition') continue
      throw new InvalidValueError(name, 'is present, which is for conditions: use a value or absent')
    }
    countText(name, count)
    count.most += 2
    const copy = copyChecked(value, name, rules, count)
    if (Object.is(copy, value)) continue
    setOwn(values, name, copy)
    nests ||= typeof copy === 'object'
  }
  if (Object.getOwnPropertySymbols(values).length > 0) {
    throw new InvalidValueError('', `the ${what} must not have a symbol key`)
  }
  const kept = (lacks ? withoutUndefined(values) : values) as Condition['values']
  return { names: lacks ? Object.keys(kept) : names, values: kept, removes, nests }
}
