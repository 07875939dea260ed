import type { ContextStoreError } from '@context-store/core'
import type { OfflineEvent, OfflineStatus } from './offline-events.ts'
import type { Place } from './outbox.ts'

/** What a store knows about its unsent sessions, and the listeners for its events. */
export class SyncStatus {
  /** The sessions with unsent writes. */
  readonly pending: Map<string, Place> = new Map()
  readonly #rejected = new Set<string>()
  readonly #listeners = new Set<(event: OfflineEvent) => void>()
  #isSyncing = false
  #lastError: ContextStoreError | undefined
  #lastSyncedAt: number | undefined
  #current: OfflineStatus | undefined

  get current(): OfflineStatus {
    this.#current ??= Object.freeze({
      state: this.#state(),
      pending: this.pending.size,
      rejected: this.#rejected.size,
      ...(this.#lastError && { lastError: this.#lastError }),
      ...(this.#lastSyncedAt !== undefined && { lastSyncedAt: new Date(this.#lastSyncedAt) }),
    })
    return this.#current
  }

  subscribe(listener: (event: OfflineEvent) => void): () => void {
    // The same function may subscribe twice.
    const own = (event: OfflineEvent): void => listener(event)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /** Emits an event; an error thrown by a listener is reported as uncaught, and has no other effect. */
  tell(event: OfflineEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        globalThis.queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  /** Notes whether a session has unsent writes, and whether it has rejected ones. */
  note(place: Place, isPending: boolean, isRejected: boolean): void {
    const { key } = place
    const same = this.pending.has(key) === isPending && this.#rejected.has(key) === isRejected
    if (isPending) this.pending.set(key, place)
    else this.pending.delete(key)
    if (isRejected) this.#rejected.add(key)
    else this.#rejected.delete(key)
    if (!same) this.#changed()
  }

  /** Notes a write. */
  wrote(place: Place): void {
    if (this.pending.has(place.key)) return
    this.pending.set(place.key, place)
    this.#changed()
  }

  /** Notes that a round begins. */
  began(): void {
    this.#isSyncing = true
    this.#changed()
  }

  /** Notes how a round ended, at `now`; without an error if it succeeded. */
  ended(error: ContextStoreError | undefined, now: number | undefined): void {
    this.#isSyncing = false
    this.#lastError = error
    if (error === undefined && this.pending.size === 0) this.#lastSyncedAt = now
    this.#changed()
  }

  #changed(): void {
    this.#current = undefined
    if (this.#listeners.size > 0) this.tell({ type: 'status' })
  }

  #state(): OfflineStatus['state'] {
    if (this.#isSyncing && this.pending.size > 0) return 'syncing'
    if (this.#lastError !== undefined) {
      return this.#lastError.code === 'unauthorized' ? 'unauthorized' : 'offline'
    }
    return this.pending.size > 0 ? 'pending' : 'synced'
  }
}
