interface Waiting<Call, Reply> {
  readonly call: Call
  readonly weight: number
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: unknown) => void
}

/** The limits of one message. */
export interface BatchBounds {
  /** The most calls in one message. */
  readonly most: number
  /** The most weight of several calls together; a heavier call is sent alone. */
  readonly mostWeight: number
}

/**
 * Sends the calls of one tick of the event loop as one message, because a message costs more than the work of a call.
 * They are sent at the end of the tick, so a single call is not delayed; calls that do not fit into one message are
 * sent in the next tick, while the server works on the first message.
 */
export class TickBatch<Call, Reply> {
  readonly #send: (calls: readonly Call[]) => Promise<readonly Reply[]>
  readonly #bounds: BatchBounds
  readonly #groups = new Map<string, Waiting<Call, Reply>[]>()

  /** @param send - sends calls of one group; resolves to their replies in the same order, or rejects for all of them */
  constructor(send: (calls: readonly Call[]) => Promise<readonly Reply[]>, bounds: BatchBounds) {
    this.#send = send
    this.#bounds = bounds
  }

  /** Adds a call; calls of different groups are never sent together. */
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
