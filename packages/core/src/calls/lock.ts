/** A node of the linked list of waiters: shifting a long array would take linear time. */
interface Waiting {
  readonly exclusive: boolean
  readonly start: () => void
  next: Waiting | undefined
}

/**
 * A shared/exclusive lock without promises. Tasks that share it run concurrently, an exclusive task runs alone, and all
 * start in the order in which they asked for it.
 */
export class Lock {
  #first: Waiting | undefined
  #last: Waiting | undefined
  #running = 0
  #isExclusive = false
  #isGranting = false

  /** Whether the lock is neither held nor waited for. */
  get isFree(): boolean {
    return this.#running === 0 && this.#first === undefined
  }

  /** Calls `start` when the task may run: at once if it need not wait. Each start needs one {@link Lock.release}. */
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

  /** Ends a task that was started. */
  release(): void {
    this.#running--
    this.#isExclusive = false
    // The task ended within its `start`: the loop below continues, since recursion could exhaust the stack.
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
