import { StoreClosedError, UnsupportedError } from '../api/errors.ts'
import type { Cannot, Capability } from '../port/capability.ts'
import type { NameRules } from '../rules/check-address.ts'
import type { StoreRules } from '../rules/store-rules.ts'

/** The number of writes between two reclaims: usually, and while the adapter reports that there is more. */
const [pace, fastPace] = [64, 8]

/** The state that the two sides of a store, and all its handles, share. */
export class StoreState {
  readonly rules: StoreRules
  readonly names: NameRules
  readonly cannot: Cannot
  /** Whether `close()` has been called. */
  isClosed = false
  #isChanging = false
  #writesUntilReclaim = 1

  constructor(rules: StoreRules, cannot: Cannot) {
    this.rules = rules
    this.cannot = cannot
    this.names = { idLength: rules.limits.idLength, noPathNames: cannot['path-names'] }
  }

  /** Throws if no call may be made: after `close()`, and within the `change` of an update. */
  check(): void {
    if (this.isClosed) throw new StoreClosedError()
    this.#checkNotChanging()
  }

  /** Closes the store for further calls. */
  close(): void {
    this.#checkNotChanging()
    this.isClosed = true
  }

  /** Throws if the engine does not have the capability. */
  needs(capability: Capability): void {
    const reason = this.cannot[capability]
    if (reason !== undefined) throw new UnsupportedError(reason)
  }

  /** Runs the `change` of an update; meanwhile the store refuses every call. */
  whileChanging<T>(work: () => T): T {
    this.#isChanging = true
    try {
      return work()
    } finally {
      this.#isChanging = false
    }
  }

  /** Counts a write; returns whether to reclaim after it. True after the first: many programs write little and exit. */
  isTimeToReclaim(): boolean {
    if (--this.#writesUntilReclaim > 0) return false
    this.#writesUntilReclaim = pace
    return true
  }

  /** Records what a reclaim returned. */
  reclaimed(isMoreLeft: boolean): void {
    if (isMoreLeft) this.#writesUntilReclaim = Math.min(this.#writesUntilReclaim, fastPace)
  }

  #checkNotChanging(): void {
    if (!this.#isChanging) return
    throw new UnsupportedError('`change` must not call its own store: make the call before or after update()')
  }
}
