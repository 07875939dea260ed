import { StoreClosedError } from './errors.ts'

/** Whether a store is open: shared by its asynchronous and its synchronous side. */
export class StoreLife {
  /** The close under way or done; `undefined`: the store is open. */
  closing: Promise<void> | undefined

  /** Throws after `close()`. */
  check(): void {
    if (this.closing !== undefined) throw new StoreClosedError()
  }
}

/** After how many writes a store asks its adapter to reclaim. */
const writesBetweenReclaims = 64

/** Tells after which writes it is time to reclaim. No timer: nothing is to keep a process alive. */
export class ReclaimPace {
  #writes = 0

  /** Counts a write; whether it is time. */
  due(): boolean {
    this.#writes = (this.#writes + 1) % writesBetweenReclaims
    return this.#writes === 0
  }
}
