interface Waiting<Call, Reply> {
  readonly calls: Call[]
  readonly settle: { readonly resolve: (reply: Reply) => void; readonly reject: (error: unknown) => void }[]
  weight: number
}

/**
 * Calls of one turn of the event loop, sent as one: on the way to a server most of what a call costs is the
 * message and not the work. They go when the turn's callers have all been heard, so one that is alone waits for
 * nobody.
 */
export class TurnBatch<Call, Reply> {
  readonly #send: (calls: readonly Call[]) => Promise<readonly Reply[]>
  readonly #most: number
  readonly #mostWeight: number
  readonly #waiting = new Map<string, Waiting<Call, Reply>>()

  /**
   * @param send - sends calls of one group; answers each, in their order, or fails for all
   * @param most - how many calls are sent at once
   * @param mostWeight - the weight from which on a batch takes no more
   */
  constructor(
    send: (calls: readonly Call[]) => Promise<readonly Reply[]>,
    most: number,
    mostWeight: number = Number.POSITIVE_INFINITY,
  ) {
    this.#send = send
    this.#most = most
    this.#mostWeight = mostWeight
  }

  /** Adds a call to those that go together; those of different groups never do. */
  add(group: string, call: Call, weight = 0): Promise<Reply> {
    return new Promise((resolve, reject) => {
      let batch = this.#waiting.get(group)
      if (batch === undefined) {
        if (this.#waiting.size === 0) process.nextTick(this.#flush)
        batch = { calls: [], settle: [], weight: 0 }
        this.#waiting.set(group, batch)
      }
      batch.calls.push(call)
      batch.settle.push({ resolve, reject })
      batch.weight += weight
      if (batch.calls.length < this.#most && batch.weight < this.#mostWeight) return
      this.#waiting.delete(group)
      this.#go(batch)
    })
  }

  #flush = (): void => {
    const batches = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const batch of batches) this.#go(batch)
  }

  #go({ calls, settle }: Waiting<Call, Reply>): void {
    this.#send(calls).then(
      (replies) => {
        for (const [index, { resolve }] of settle.entries()) resolve(replies[index] as Reply)
      },
      (error) => {
        for (const { reject } of settle) reject(error)
      },
    )
  }
}
