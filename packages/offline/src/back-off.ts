const [first, longest] = [1_000, 60_000]

/** How long to leave the remote store alone after failures: from a second, doubling, to a minute. */
export class BackOff {
  #failures = 0
  #until = 0

  /** Whether the time of the last failure is not over. */
  get isWaiting(): boolean {
    return performance.now() < this.#until
  }

  /** Notes a failure; gives the time to wait, between half and all of it, so that many devices do not keep in step. */
  failed(): number {
    const delay = Math.min(longest, first * 2 ** this.#failures++) * (0.5 + Math.random() / 2)
    this.#until = performance.now() + delay
    return delay
  }

  /** Notes that the remote store answers, or may again. */
  reset(): void {
    this.#failures = 0
    this.#until = 0
  }
}
