import type { absent } from '../api/absent.ts'
import type { JsonValue, Properties } from '../api/context-store.ts'
import type { present } from '../api/present.ts'

/** Names of properties, and what becomes of each: a value, or `absent` where it is removed. */
export interface Changes {
  /** The names, each once. */
  readonly names: readonly string[]
  /** A plain object of checked copies that nobody else holds. Only own members count: a name may be `__proto__`. */
  readonly values: { readonly [name: string]: JsonValue | typeof absent }
}

/** Names of properties, and what is expected of each. */
export interface Condition {
  /** The names, each once. */
  readonly names: readonly string[]
  /** As in {@link Changes}; `absent`: must not be there, `present`: must be there, whatever its value. */
  readonly values: { readonly [name: string]: JsonValue | typeof absent | typeof present }
}

/** A patch, checked. */
export interface PatchRequest {
  /** What becomes of which property. */
  readonly changes: Changes
  /** Whether one of the changes is `absent`. */
  readonly removes: boolean
  /** Whether the value of one of the changes is an object or an array. */
  readonly nests: boolean
  /** What must be there now; `undefined`: no condition. */
  readonly expected: Condition | undefined
  /** The session's own time to live from now on, in seconds; 0: for ever; `undefined`: not stated. */
  readonly ttlSeconds: number | undefined
  /** Never less than what `changes` adds to the session's compact JSON, in UTF-16 units. */
  readonly lengthBound: number
  /**
   * The record of a package that keeps its own in the store, beside its callers' sessions: neither the limits nor
   * `namespaces: 'explicit'` apply to it. Only in a batch.
   */
  readonly isRecord?: true
}

/**
 * The result of a write that may have a condition. `undefined`: it is applied. Otherwise the condition did not
 * hold, nothing has changed, and these are the expected properties that exist, as objects of the caller's own.
 */
export type WriteOutcome = Properties | undefined
