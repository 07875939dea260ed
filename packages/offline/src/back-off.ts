const [first, longest] = [1_000, 60_000]

/** How long to leave the remote store alone after failures: from a second, doubling, to a minute. */
export class BackOff {
  #failures = 0
  #until = 0

  /** Whether the time of the last failure is not over. */
  get isWaiting(): boolean {
    return this.left > 0
  }

  /** How long it still is, in milliseconds. */
  get left(): number {
    return Math.max(0, this.#until - performance.now())
  }

  /** Notes a failure: the time to wait is between half and all of it, so that many devices do not keep in step. */
  failed(): void {
    const delay = Math.min(longest, first * 2 ** this.#failures++) * (0.5 + Math.random() / 2)
    this.#until = performance.now() + delay
  }

  /** Notes that the remote store answers, or may again. */
  reset(): void {
    this.#failures = 0
    this.#until = 0
  }
}
