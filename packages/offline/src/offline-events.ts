import type { absent, ContextStoreError, JsonValue, SessionAddress } from '@context-store/core'

/** A property that both this device and another writer have changed; a value that does not exist is `undefined`. */
export interface Conflict {
  /** The session. */
  readonly address: Required<SessionAddress>
  /** The property. */
  readonly name: string
  /** The remote value that this device knew when it wrote. */
  readonly base: JsonValue | undefined
  /** The value on this device; `undefined` if it was removed here. */
  readonly local: JsonValue | undefined
  /** The value in the remote store. */
  readonly remote: JsonValue | undefined
}

/** The unsent writes of a session. */
export interface PendingWrites {
  /** The session. */
  readonly address: Required<SessionAddress>
  /** Its properties that were written or removed; empty if only its time to live is unsent. */
  readonly names: readonly string[]
}

/** A write that the remote store refuses permanently, or for which `onConflict` threw; it is kept here and not sent. */
export interface RejectedWrite {
  /** The session. */
  readonly address: Required<SessionAddress>
  /** Its properties. */
  readonly names: readonly string[]
  /** The reason. */
  readonly error: ContextStoreError
  /** Makes the write pending again, as a new write does. */
  retry(): Promise<void>
  /** Drops the local values: the properties are removed here, and the next pull restores them from the remote store. */
  discard(): Promise<void>
}

/** An event of an offline store. */
export type OfflineEvent =
  | {
      /** `status` has changed. */
      readonly type: 'status'
    }
  | {
      /**
       * `pushed`: these properties were sent to the remote store. `pulled`: they were changed here to the values of the
       * remote store. `expired`: they expired here before they were sent, and are gone.
       */
      readonly type: 'pushed' | 'pulled' | 'expired'
      /** The session. */
      readonly address: Required<SessionAddress>
      /** Its properties. */
      readonly names: readonly string[]
    }
  | {
      /** This device and another writer changed a property, and `onConflict` has decided. */
      readonly type: 'conflict'
      /** The conflict. */
      readonly conflict: Conflict
      /** The decision. */
      readonly result: JsonValue | typeof absent
    }
  | {
      /** A write was rejected: it is kept here and not sent. */
      readonly type: 'rejected'
      /** The write. */
      readonly write: RejectedWrite
    }

/** The state of an offline store; a new, frozen object at each change. */
export interface OfflineStatus {
  /**
   * `synced`: nothing is unsent. `pending`: there are unsent writes. `syncing`: they are being sent. `offline`: the last
   * attempt did not reach the remote store, or failed. `unauthorized`: it refused the credentials of an account.
   */
  readonly state: 'synced' | 'pending' | 'syncing' | 'offline' | 'unauthorized'
  /** How many sessions have unsent writes; those of other tabs are counted in the next full round. */
  readonly pending: number
  /** How many sessions have rejected writes. */
  readonly rejected: number
  /** Why the last attempt failed; absent after one that succeeded. */
  readonly lastError?: ContextStoreError
  /** When the last attempt ended that succeeded and left nothing unsent, by this device's clock. */
  readonly lastSyncedAt?: Date
}
