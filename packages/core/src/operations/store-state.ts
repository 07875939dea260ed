import { StoreClosedError, UnsupportedError } from '../api/errors.ts'
import type { Cannot, Capability } from '../port/capability.ts'
import type { NameRules } from '../rules/check-address.ts'
import type { StoreRules } from '../rules/store-rules.ts'

/** After so many writes a store lets its adapter reclaim, and after so many while the adapter says there is more. */
const [pace, fastPace] = [64, 8]

/** What the two sides of a store, and all its handles, have in common. */
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

  /** Throws where no call may be made: after `close()`, and within the `change` of an update. */
  check(): void {
    if (this.isClosed) throw new StoreClosedError()
    this.#checkNotChanging()
  }

  /** Closes the store for further calls. */
  close(): void {
    this.#checkNotChanging()
    this.isClosed = true
  }

  /** Throws where the engine cannot do it. */
  needs(capability: Capability): void {
    const reason = this.cannot[capability]
    if (reason !== undefined) throw new UnsupportedError(reason)
  }

  /** Does what an update leaves to its caller, during which the store refuses every call. */
  whileChanging<T>(work: () => T): T {
    this.#isChanging = true
    try {
      return work()
    } finally {
      this.#isChanging = false
    }
  }

  /** Counts a write; whether to reclaim after it. The first one counts too: many programs write little and end. */
  isTimeToReclaim(): boolean {
    if (--this.#writesUntilReclaim > 0) return false
    this.#writesUntilReclaim = pace
    return true
  }

  /** Notes what a reclaim returned. */
  reclaimed(isMoreLeft: boolean): void {
    if (isMoreLeft) this.#writesUntilReclaim = Math.min(this.#writesUntilReclaim, fastPace)
  }

  #checkNotChanging(): void {
    if (!this.#isChanging) return
    throw new UnsupportedError('`change` must not call its own store: make the call before or after update()')
  }
}
