/** A list of those who wait: shifting a long array would take a time that grows with it. */
interface Waiting {
  readonly exclusive: boolean
  readonly start: () => void
  next: Waiting | undefined
}

/**
 * A lock without promises. Works that share it run side by side, one that excludes others runs alone, and all start in
 * the order in which they asked.
 */
export class Lock {
  #first: Waiting | undefined
  #last: Waiting | undefined
  #running = 0
  #isExclusive = false
  #isGranting = false

  /** Whether nobody has it or waits for it. */
  get isFree(): boolean {
    return this.#running === 0 && this.#first === undefined
  }

  /** Calls `start` when the work may run: at once if nothing is before it. Each start needs one {@link Lock.release}. */
  acquire(exclusive: boolean, start: () => void): void {
    if (this.#first === undefined && !this.#isExclusive && !(exclusive && this.#running > 0)) {
      this.#begin(exclusive, start)
      return
    }
    const waiting: Waiting = { exclusive, start, next: undefined }
    if (this.#last === undefined) this.#first = waiting
    else this.#last.next = waiting
    this.#last = waiting
  }

  /** Ends a work that was started. */
  release(): void {
    this.#running--
    this.#isExclusive = false
    // A work that ends within its start: the loop below goes on, since recursion could exhaust the stack.
    if (this.#isGranting) return
    this.#isGranting = true
    for (let next = this.#first; next !== undefined; next = this.#first) {
      if (this.#isExclusive || (next.exclusive && this.#running > 0)) break
      this.#first = next.next
      if (this.#first === undefined) this.#last = undefined
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
