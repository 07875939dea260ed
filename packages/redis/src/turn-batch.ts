interface Waiting<Call, Reply> {
  readonly call: Call
  readonly weight: number
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: unknown) => void
}

/** How much goes at once. */
export interface BatchBounds {
  /** So many calls. */
  readonly most: number
  /** Calls of so much weight together, or one that is heavier. */
  readonly mostWeight: number
}

/**
 * Calls of one turn of the event loop, sent as one: on the way to a server most of what a call costs is the
 * message and not the work. They go when the turn's callers have all been heard, so one that is alone waits for
 * nobody; what is too much for one message goes in the next turn, while the server works on the first.
 */
export class TurnBatch<Call, Reply> {
  readonly #send: (calls: readonly Call[]) => Promise<readonly Reply[]>
  readonly #bounds: BatchBounds
  readonly #groups = new Map<string, Waiting<Call, Reply>[]>()

  /** @param send - sends calls of one group; answers each, in their order, or fails for all */
  constructor(send: (calls: readonly Call[]) => Promise<readonly Reply[]>, bounds: BatchBounds) {
    this.#send = send
    this.#bounds = bounds
  }

  /** Adds a call to those that go together; those of different groups never do. */
  add(group: string, call: Call, weight = 0): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const waiting = { call, weight, resolve, reject }
      const others = this.#groups.get(group)
      if (others !== undefined) {
        others.push(waiting)
        return
      }
      if (this.#groups.size === 0) process.nextTick(this.#flush)
      this.#groups.set(group, [waiting])
    })
  }

  #flush = (): void => {
    for (const [group, waiting] of this.#groups) {
      const count = this.#fitting(waiting)
      this.#go(waiting.slice(0, count))
      if (count === waiting.length) this.#groups.delete(group)
      else this.#groups.set(group, waiting.slice(count))
    }
    if (this.#groups.size > 0) setImmediate(this.#flush)
  }

  /** How many of the calls fit into one message. */
  #fitting(waiting: readonly Waiting<Call, Reply>[]): number {
    const { most, mostWeight } = this.#bounds
    let sum = 0
    const count = waiting.slice(0, most).findIndex(({ weight }, index) => {
      sum += weight
      return index > 0 && sum > mostWeight
    })
    return count === -1 ? Math.min(most, waiting.length) : count
  }

  #go(sent: readonly Waiting<Call, Reply>[]): void {
    this.#send(sent.map(({ call }) => call)).then(
      (replies) => {
        for (const [index, { resolve }] of sent.entries()) resolve(replies[index] as Reply)
      },
      (error) => {
        for (const { reject } of sent) reject(error)
      },
    )
  }
}
