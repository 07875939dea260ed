/** A group of writes that the same reads wait for. */
export interface Epoch {
  /** How many of them are pending. */
  writes: number
  /** The reads that wait for these writes, and for those of earlier epochs. */
  readonly waiting: (() => void)[]
}

/** Lets a read wait for the earlier writes and no later one, in constant time for each read and write. */
export class WriteBarrier {
  /** The epochs that have not ended, oldest first; new writes belong to the last. */
  readonly #epochs: Epoch[] = [newEpoch()]

  /** Whether no write is pending. */
  get isFree(): boolean {
    return this.#epochs.length === 1 && this.#epochs[0]?.writes === 0
  }

  /** Records that a write begins; returns the epoch to pass to {@link WriteBarrier.end}. */
  begin(): Epoch {
    let epoch = this.#epochs.at(-1)
    if (epoch === undefined || epoch.waiting.length > 0) {
      epoch = newEpoch()
      this.#epochs.push(epoch)
    }
    epoch.writes++
    return epoch
  }

  /** Records that a write has ended. */
  end(epoch: Epoch): void {
    epoch.writes--
    for (let first = this.#epochs[0]; first?.writes === 0; first = this.#epochs[0]) {
      if (first.waiting.length === 0 && this.#epochs.length === 1) return
      this.#epochs.shift()
      for (const start of first.waiting) start()
    }
    if (this.#epochs.length === 0) this.#epochs.push(newEpoch())
  }

  /** Calls `start` when every write begun so far has ended; at once if none is pending. */
  after(start: () => void): void {
    if (this.isFree) start()
    else this.#epochs.at(-1)?.waiting.push(start)
  }
}

function newEpoch(): Epoch {
  return { writes: 0, waiting: [] }
}
