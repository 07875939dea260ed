interface Waiting {
  readonly exclusive: boolean
  readonly start: () => void
}

/**
 * A lock without promises. Works that share it run side by side, one that excludes others runs alone, and all start in
 * the order in which they asked.
 */
export class Lock {
  readonly #waiting: Waiting[] = []
  #running = 0
  #isExclusive = false
  #isGranting = false

  /** Whether nobody has it or waits for it. */
  get isFree(): boolean {
    return this.#running === 0 && this.#waiting.length === 0
  }

  /** Calls `start` when the work may run: at once if nothing is before it. Each start needs one {@link Lock.release}. */
  acquire(exclusive: boolean, start: () => void): void {
    if (this.#waiting.length > 0 || this.#isExclusive || (exclusive && this.#running > 0)) {
      this.#waiting.push({ exclusive, start })
    } else {
      this.#begin(exclusive, start)
    }
  }

  /** Ends a work that was started. */
  release(): void {
    this.#running--
    this.#isExclusive = false
    // A work that ends within its start: the loop below goes on, since recursion could exhaust the stack.
    if (this.#isGranting) return
    this.#isGranting = true
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#isExclusive || (next.exclusive && this.#running > 0)) break
      this.#waiting.shift()
      this.#begin(next.exclusive, next.start)
    }
    this.#isGranting = false
  }

  #begin(exclusive: boolean, start: () => void): void {
    this.#running++
    this.#isExclusive = exclusive
    start()
  }
}
