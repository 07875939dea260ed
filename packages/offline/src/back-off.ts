const [first, longest] = [1_000, 60_000]

/** How long to wait after failures of the remote store: one second, doubled after each failure, up to one minute. */
export class BackOff {
  #failures = 0
  #until = 0

  /** Whether the wait after the last failure is not over yet. */
  get isWaiting(): boolean {
    return this.left > 0
  }

  /** The time left to wait, in milliseconds. */
  get left(): number {
    return Math.max(0, this.#until - performance.now())
  }

  /** Notes a failure. The wait is half to all of the full time, at random, so that devices do not retry in step. */
  failed(): void {
    const delay = Math.min(longest, first * 2 ** this.#failures++) * (0.5 + Math.random() / 2)
    this.#until = performance.now() + delay
  }

  /** Notes that the remote store answers, or may answer again. */
  reset(): void {
    this.#failures = 0
    this.#until = 0
  }
}
