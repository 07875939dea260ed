/** Waits that can be ended all at once. */
export class Delays {
  readonly #ends = new Set<(isWhole: boolean) => void>()
  #isEnded = false

  /** Waits; gives whether it waited to the end, `false` where {@link end} came before. */
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

  /** Ends those that are under way. */
  end(): void {
    for (const end of this.#ends) end(false)
  }

  /** Ends those that are under way, and any to come. */
  close(): void {
    this.#isEnded = true
    this.end()
  }
}
