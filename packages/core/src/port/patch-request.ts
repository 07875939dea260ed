import type { absent } from '../api/absent.ts'
import type { JsonValue, Properties } from '../api/context-store.ts'
import type { present } from '../api/present.ts'

/** The properties to change: each is set to a value, or removed with `absent`. */
export interface Changes {
  /** The names, each once. */
  readonly names: readonly string[]
  /** A plain object of checked copies that the caller does not hold. Only own members count: a name may be `__proto__`. */
  readonly values: { readonly [name: string]: JsonValue | typeof absent }
}

/** A condition: names of properties, and what is expected of each. */
export interface Condition {
  /** The names, each once. */
  readonly names: readonly string[]
  /** As in {@link Changes}; `absent`: must not exist; `present`: must exist, whatever its value. */
  readonly values: { readonly [name: string]: JsonValue | typeof absent | typeof present }
}

/** A patch, checked. */
export interface PatchRequest {
  /** The properties to change. */
  readonly changes: Changes
  /** Whether one of the changes is `absent`. */
  readonly removes: boolean
  /** Whether the value of one of the changes is an object or an array. */
  readonly nests: boolean
  /** The condition; `undefined`: none. */
  readonly expected: Condition | undefined
  /** The session's own time to live, in seconds; 0: it never expires; `undefined`: not stated. */
  readonly ttlSeconds: number | undefined
  /** An upper bound for what `changes` adds to the session's compact JSON, in UTF-16 units. */
  readonly lengthBound: number
  /**
   * Marks a record that a package keeps in the store for itself, besides its callers' sessions: neither the limits nor
   * `namespaces: 'explicit'` apply to it. Only in a batch.
   */
  readonly isRecord?: true
}

/**
 * The result of a write that may have a condition. `undefined`: it was applied. Otherwise the condition did not hold,
 * nothing was changed, and these are the expected properties that exist; the caller owns the objects.
 */
export type WriteOutcome = Properties | undefined
