import { InvalidOptionError } from './errors.ts'

/** How large names, values and sessions may be. */
export interface Limits {
  /** UTF-16 units of an account, a namespace, a session id or a property name: 512 if none, 1 to 512. */
  readonly idLength?: number | undefined
  /** Properties of a session: 100,000 if none. */
  readonly properties?: number | undefined
  /** UTF-16 units of a session's properties as compact JSON: 800,000 if none (WIRE.md, "document too large"). */
  readonly documentLength?: number | undefined
  /** How deep objects and arrays may nest in a value, the outermost counted: 100 if none, 1 to 500. */
  readonly depth?: number | undefined
}

/** What every store takes. */
export interface StoreOptions {
  /**
   * `implicit`, the default: the first patch into a namespace begins it. `explicit`: a patch or a read in a
   * namespace that nobody created is a {@link NamespaceNotFoundError}.
   */
  readonly namespaces?: 'implicit' | 'explicit' | undefined
  /** How large names, values and sessions may be. */
  readonly limits?: Limits | undefined
  /** The time in milliseconds since 1970; the engine's own clock if none. For tests that move it. */
  readonly now?: (() => number) | undefined
}

/** The options of a store, checked and complete, as adapters get them. */
export interface StoreRules {
  /** Whether an unknown namespace is an error. */
  readonly explicitNamespaces: boolean
  /** Every limit. */
  readonly limits: { readonly [K in keyof Limits]-?: number }
  /** The store's clock, checked; `undefined`: the engine's own. */
  readonly now: (() => number) | undefined
}

const ranges = {
  idLength: [1, 512, 512],
  properties: [1, 1_000_000, 100_000],
  documentLength: [2, 100_000_000, 800_000],
  depth: [1, 500, 100],
} as const

/** Checks the options of a store and fills in what was left out. */
export function storeRules(options: StoreOptions = {}): StoreRules {
  const { namespaces = 'implicit', limits = {}, now } = options
  if (namespaces !== 'implicit' && namespaces !== 'explicit') {
    throw new InvalidOptionError("namespaces: 'implicit' or 'explicit'")
  }
  if (now !== undefined && typeof now !== 'function') {
    throw new InvalidOptionError('now: a function that gives milliseconds')
  }
  for (const name of Object.keys(limits)) {
    if (!Object.hasOwn(ranges, name)) throw new InvalidOptionError(`limits: there is no limit "${name}"`)
  }
  return {
    explicitNamespaces: namespaces === 'explicit',
    limits: {
      idLength: limitOf('idLength', limits.idLength),
      properties: limitOf('properties', limits.properties),
      documentLength: limitOf('documentLength', limits.documentLength),
      depth: limitOf('depth', limits.depth),
    },
    now: now && (() => checkedTime(now())),
  }
}

/** The time of a call: the store's clock where one was given, else this process's. */
export function timeOf(rules: StoreRules): number {
  return rules.now === undefined ? Date.now() : rules.now()
}

function limitOf(name: keyof Limits, value: number | undefined): number {
  const [least, most, usual] = ranges[name]
  if (value === undefined) return usual
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidOptionError(`limits.${name}: a whole number from ${least} to ${most}`)
  }
  return value
}

function checkedTime(time: number): number {
  // Beyond this a Date is invalid (ECMA-262, "Time Values and Time Range").
  if (!(Math.abs(time) <= 8.64e15)) throw new InvalidOptionError('now: gave no time in milliseconds')
  return Math.floor(time)
}
