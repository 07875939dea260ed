import type { absent, ContextStoreError, JsonValue, SessionAddress } from '@context-store/core'

/** One property that this device has changed, and another writer too; what is missing is `undefined`. */
export interface Conflict {
  /** The session. */
  readonly address: Required<SessionAddress>
  /** The property. */
  readonly name: string
  /** The remote value that this device knew when it wrote. */
  readonly base: JsonValue | undefined
  /** The value here; `undefined`: it was removed here. */
  readonly local: JsonValue | undefined
  /** The value in the remote store. */
  readonly remote: JsonValue | undefined
}

/** What is unsent of a session. */
export interface PendingWrites {
  /** The session. */
  readonly address: Required<SessionAddress>
  /** Its properties that were written or removed; none: only its time to live was. */
  readonly names: readonly string[]
}

/** A write that the remote store refuses for good, or that `onConflict` threw for; it is kept here and not sent. */
export interface RejectedWrite {
  /** The session. */
  readonly address: Required<SessionAddress>
  /** Its properties. */
  readonly names: readonly string[]
  /** Why. */
  readonly error: ContextStoreError
  /** Makes it pending again, as a new write does. */
  retry(): Promise<void>
  /** Gives the local values up: the properties are removed here, and come back as they are in the remote store with the next pull. */
  discard(): Promise<void>
}

/** Something that has happened in an offline store. */
export type OfflineEvent =
  | {
      /** `status` has changed. */
      readonly type: 'status'
    }
  | {
      /**
       * `pushed`: the remote store has these properties as they were sent. `pulled`: they were changed here to what the
       * remote store has. `expired`: they expired here before they were sent, and are gone.
       */
      readonly type: 'pushed' | 'pulled' | 'expired'
      /** The session. */
      readonly address: Required<SessionAddress>
      /** Its properties. */
      readonly names: readonly string[]
    }
  | {
      /** Two writers changed one property, and `onConflict` has decided. */
      readonly type: 'conflict'
      /** What was found. */
      readonly conflict: Conflict
      /** What it was decided to be. */
      readonly result: JsonValue | typeof absent
    }
  | {
      /** A write was set aside. */
      readonly type: 'rejected'
      /** The write. */
      readonly write: RejectedWrite
    }

/** How an offline store stands; a new, frozen object at each change. */
export interface OfflineStatus {
  /**
   * `synced`: nothing is unsent. `pending`: something is. `syncing`: it is being sent. `offline`: the last attempt did
   * not reach the remote store, or it failed. `unauthorized`: it refused the credentials of an account.
   */
  readonly state: 'synced' | 'pending' | 'syncing' | 'offline' | 'unauthorized'
  /** How many sessions have something unsent, as far as this store knows: another tab's show after its next round. */
  readonly pending: number
  /** How many sessions have something that was set aside. */
  readonly rejected: number
  /** Why the last attempt failed; none once one succeeds. */
  readonly lastError?: ContextStoreError
  /** When the last attempt succeeded that left nothing unsent, by this device's clock. */
  readonly lastSyncedAt?: Date
}
