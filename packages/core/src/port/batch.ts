import type { Properties } from '../api/context-store.ts'
import type { CheckedAddress } from './checked-address.ts'
import type { Condition, PatchRequest } from './patch-request.ts'

/** One write of a batch, to one session; checked. */
export type BatchWrite =
  | {
      /** As `patch`. */
      readonly kind: 'patch'
      /** The session. */
      readonly address: CheckedAddress
      /** The patch, with its condition if it has one. */
      readonly request: PatchRequest
    }
  | {
      /** As `deleteProperties`, with an optional condition. */
      readonly kind: 'delete'
      /** The session. */
      readonly address: CheckedAddress
      /** The properties to remove. */
      readonly names: readonly string[]
      /** The condition; `undefined`: none. */
      readonly expected: Condition | undefined
    }
  | {
      /** As `clearSession`. */
      readonly kind: 'clear'
      /** The session. */
      readonly address: CheckedAddress
      /** The condition; `undefined`: none. */
      readonly expected: Condition | undefined
    }

/** The result of a batch. `undefined`: all of it was applied; otherwise nothing was changed. */
export type BatchOutcome = RefusedWrite | undefined

/** The write of a batch whose condition did not hold. */
export interface RefusedWrite {
  /** Its index in the batch. */
  readonly index: number
  /** Its expected properties that exist; the caller owns the objects. */
  readonly current: Properties
}
