/** Delays that can be ended together. */
export class Delays {
  readonly #ends = new Set<(isWhole: boolean) => void>()
  #isEnded = false

  /** Waits. Resolves with `false` if {@link end} ended the delay early. */
  wait(milliseconds: number): Promise<boolean> {
    if (this.#isEnded) return Promise.resolve(false)
    return new Promise((resolve) => {
      const end = (isWhole: boolean): void => {
        clearTimeout(timer)
        this.#ends.delete(end)
        resolve(isWhole)
      }
      const timer = setTimeout(end, milliseconds, true)
      this.#ends.add(end)
    })
  }

  /** Ends all pending delays. */
  end(): void {
    for (const end of this.#ends) end(false)
  }

  /** Ends all pending and future delays. */
  close(): void {
    this.#isEnded = true
    this.end()
  }
}
