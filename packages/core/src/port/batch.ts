import type { Properties } from '../api/context-store.ts'
import type { CheckedAddress } from './checked-address.ts'
import type { Condition, PatchRequest } from './patch-request.ts'

/** One write of a batch, on one session; checked. */
export type BatchWrite =
  | {
      /** As `patch`. */
      readonly kind: 'patch'
      /** The session. */
      readonly address: CheckedAddress
      /** The patch with its condition, if it has one. */
      readonly request: PatchRequest
    }
  | {
      /** As `deleteProperties`, on a condition. */
      readonly kind: 'delete'
      /** The session. */
      readonly address: CheckedAddress
      /** The properties that are removed. */
      readonly names: readonly string[]
      /** What must be there; `undefined`: no condition. */
      readonly expected: Condition | undefined
    }
  | {
      /** As `clearSession`. */
      readonly kind: 'clear'
      /** The session. */
      readonly address: CheckedAddress
      /** What must be there; `undefined`: no condition. */
      readonly expected: Condition | undefined
    }

/** The result of a batch. `undefined`: all of it is applied; otherwise nothing has changed. */
export type BatchOutcome = RefusedWrite | undefined

/** The write of a batch whose condition did not hold. */
export interface RefusedWrite {
  /** Its place in the batch. */
  readonly index: number
  /** Its expected properties that exist, as objects of the caller's own. */
  readonly current: Properties
}
