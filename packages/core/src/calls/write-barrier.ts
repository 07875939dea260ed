/** Writes that some reads wait for together. */
export interface Epoch {
  /** How many of them are under way. */
  writes: number
  /** The reads that wait for them, and for those of the epochs before. */
  readonly waiting: (() => void)[]
}

/** Lets a read wait for the writes before it, and for no later one; however many there are, each costs the same. */
export class WriteBarrier {
  /** Those that have not ended, the oldest first; new writes belong to the last. */
  readonly #epochs: Epoch[] = [newEpoch()]

  /** Whether no write is under way. */
  get isFree(): boolean {
    return this.#epochs.length === 1 && this.#epochs[0]?.writes === 0
  }

  /** Notes that a write begins. Gives what {@link WriteBarrier.end} needs. */
  begin(): Epoch {
    let epoch = this.#epochs.at(-1)
    if (epoch === undefined || epoch.waiting.length > 0) {
      epoch = newEpoch()
      this.#epochs.push(epoch)
    }
    epoch.writes++
    return epoch
  }

  /** Notes that a write has ended. */
  end(epoch: Epoch): void {
    epoch.writes--
    for (let first = this.#epochs[0]; first?.writes === 0; first = this.#epochs[0]) {
      if (first.waiting.length === 0 && this.#epochs.length === 1) return
      this.#epochs.shift()
      for (const start of first.waiting) start()
    }
    if (this.#epochs.length === 0) this.#epochs.push(newEpoch())
  }

  /** Calls `start` when every write that has begun has ended; at once if none is under way. */
  after(start: () => void): void {
    if (this.isFree) start()
    else this.#epochs.at(-1)?.waiting.push(start)
  }
}

function newEpoch(): Epoch {
  return { writes: 0, waiting: [] }
}
