/** Whoever waits for a key, in the order of asking. */
interface Waiter {
  /** Whether it bears nobody beside it. */
  readonly alone: boolean
  /** Begins its work. */
  readonly start: () => void
}

interface Lock {
  readonly waiting: Waiter[]
  running: number
  runningAlone: boolean
}

/**
 * Queues by key, for adapters whose engines answer later and may reorder: works that share a key run side by
 * side, one that excludes others runs alone, and nobody is overtaken. A key that nobody uses leaves nothing
 * behind.
 *
 * A work starts synchronously when it is its turn, at once where nobody is before it.
 */
export class KeyedLocks {
  readonly #locks = new Map<string, Lock>()
  #idle: (() => void)[] = []

  /** Runs a work beside others that share the key. */
  share<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#queue(key, false, work)
  }

  /** Runs a work while nobody else has the key. */
  exclude<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#queue(key, true, work)
  }

  /** Resolves when no work runs or waits. */
  ended(): Promise<void> {
    if (this.#locks.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #queue<T>(key: string, alone: boolean, work: () => Promise<T>): Promise<T> {
    const lock = this.#locks.get(key)
    if (lock === undefined) {
      const first = { waiting: [], running: 1, runningAlone: alone }
      this.#locks.set(key, first)
      return this.#run(key, first, work)
    }
    return new Promise((resolve) => {
      lock.waiting.push({ alone, start: () => resolve(this.#run(key, lock, work)) })
      this.#grant(lock)
    })
  }

  #run<T>(key: string, lock: Lock, work: () => Promise<T>): Promise<T> {
    const ended = work()
    const release = (): void => this.#release(key, lock)
    ended.then(release, release)
    return ended
  }

  #grant(lock: Lock): void {
    for (let next = lock.waiting[0]; next !== undefined; next = lock.waiting[0]) {
      if (lock.runningAlone || (next.alone && lock.running > 0)) return
      lock.waiting.shift()
      lock.running++
      lock.runningAlone = next.alone
      next.start()
    }
  }

  #release(key: string, lock: Lock): void {
    lock.running--
    lock.runningAlone = false
    if (lock.waiting.length > 0) this.#grant(lock)
    if (lock.running > 0 || lock.waiting.length > 0) return
    this.#locks.delete(key)
    if (this.#locks.size > 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}
