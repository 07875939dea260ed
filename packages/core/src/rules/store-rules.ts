import { InvalidOptionError } from '../api/errors.ts'
import type { Limits, StoreOptions } from '../api/store-options.ts'
import { checkedOptions } from './options.ts'
import { mostTtlSeconds } from './session-life.ts'

/** The rules of a store, complete and checked, as adapters get them. */
export interface StoreRules {
  /** Whether a patch or a read in a namespace that does not exist is an error. */
  readonly explicitNamespaces: boolean
  /** Every limit. Read them at each call: core lowers one after `open` if the engine's own limit is lower. */
  readonly limits: { readonly [K in keyof Limits]-?: number }
  /**
   * Whether the option `now` was given. If so, use only {@link StoreRules.now}; if not, an engine with a clock that
   * all its clients share uses that clock.
   */
  readonly hasOwnClock: boolean
  /**
   * Returns the time in milliseconds: from the option `now`, checked, or from this process's clock. Call it before the
   * first change: it throws if the option throws or does not return a time.
   */
  now(): number
}

/** Rules whose limits core may still lower. */
export interface OpenRules extends StoreRules {
  readonly limits: { -readonly [K in keyof Limits]-?: number }
}

/** Beyond this a Date is invalid (ECMA-262, "Time Values and Time Range"). */
const lastDate = 8.64e15
/** The latest time that a clock may return: a session patched then must expire at a valid Date, too. */
const lastTime = lastDate - mostTtlSeconds * 1000

/** The names of the options that every store takes. */
export const storeOptionNames: readonly string[] = ['namespaces', 'limits', 'now']

const ranges = {
  idLength: [1, 512, 512],
  properties: [1, 1_000_000, 100_000],
  documentLength: [2, 100_000_000, 800_000],
  depth: [1, 500, 100],
} as const

/** Checks the options of a store and fills in the defaults. */
export function storeRules(options: StoreOptions | undefined): OpenRules {
  const { namespaces = 'implicit', limits, now } = checkedOptions(options, storeOptionNames)
  if (namespaces !== 'implicit' && namespaces !== 'explicit') {
    throw new InvalidOptionError("namespaces: must be 'implicit' or 'explicit'")
  }
  if (now !== undefined && typeof now !== 'function') {
    throw new InvalidOptionError('now: must be a function that returns milliseconds')
  }
  const { idLength, properties, documentLength, depth } = checkedOptions(
    limits,
    Object.keys(ranges),
    'limits',
  )
  return {
    explicitNamespaces: namespaces === 'explicit',
    limits: {
      idLength: limitOf('idLength', idLength),
      properties: limitOf('properties', properties),
      documentLength: limitOf('documentLength', documentLength),
      depth: limitOf('depth', depth),
    },
    hasOwnClock: now !== undefined,
    now: now === undefined ? () => Date.now() : () => checkedTime(now),
  }
}

/** Lowers the length limit to the engine's own limit. */
export function lowerLengthLimit(rules: OpenRules, stated: number | undefined, most: number): void {
  if (stated !== undefined && stated > most) {
    throw new InvalidOptionError(`limits.documentLength: this engine holds at most ${most} characters`)
  }
  rules.limits.documentLength = Math.min(rules.limits.documentLength, most)
}

function limitOf(name: keyof Limits, value: number | undefined): number {
  const [least, most, usual] = ranges[name]
  if (value === undefined) return usual
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidOptionError(`limits.${name}: must be a whole number from ${least} to ${most}`)
  }
  return value
}

function checkedTime(now: () => number): number {
  let time: unknown
  try {
    time = now()
  } catch (cause) {
    throw new InvalidOptionError('now: the function threw: see the cause', { cause })
  }
  if (typeof time !== 'number' || !(time >= -lastDate && time <= lastTime)) {
    throw new InvalidOptionError('now: the function did not return a time in milliseconds')
  }
  return Math.floor(time)
}
