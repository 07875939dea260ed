const width = 30

/**
 * Shows the progress of a command on a terminal, unless the command's output goes to that terminal too: it would
 * appear in the middle of the output.
 */
export class Progress {
  readonly #verb: string
  readonly #size: number | undefined
  readonly #isShown: boolean
  #sessions = 0
  #bytes = 0
  #shownAt = Number.NEGATIVE_INFINITY

  /**
   * @param options - `size`: the number of bytes to process, if known; `prints`: whether the command has output
   */
  constructor(
    verb: string,
    { size, prints }: { readonly size?: number | undefined; readonly prints: boolean },
  ) {
    this.#verb = verb
    this.#size = size
    this.#isShown = process.stderr.isTTY === true && !(prints && process.stdout.isTTY === true)
  }

  /** Adds to the number of sessions and bytes that have been processed. */
  add(sessions: number, bytes = 0): void {
    this.#sessions += sessions
    this.#bytes += bytes
    if (!this.#isShown || performance.now() - this.#shownAt < 100) return
    this.#shownAt = performance.now()
    process.stderr.write(`\r\x1b[K${this.#bar()}${this.#sessions.toLocaleString('en')} ${this.#verb}`)
  }

  /** Erases the progress line. */
  end(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K')
  }

  /** Erases the progress line, and prints the number of sessions. */
  sum(): void {
    this.end()
    const count = `${this.#sessions.toLocaleString('en')} session${this.#sessions === 1 ? '' : 's'}`
    process.stderr.write(`context-store: ${this.#verb} ${count}\n`)
  }

  #bar(): string {
    if (this.#size === undefined || this.#size === 0) return ''
    const done = Math.min(width, Math.floor((width * this.#bytes) / this.#size))
    return `[${'#'.repeat(done)}${'.'.repeat(width - done)}] `
  }
}
