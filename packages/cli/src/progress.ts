const width = 30

/**
 * The progress of a command, shown on a terminal only, and not if the terminal shows the command's output too: it
 * would appear in the middle of that.
 */
export class Progress {
  readonly #verb: string
  readonly #size: number | undefined
  readonly #isShown: boolean
  #sessions = 0
  #bytes = 0
  #shownAt = Number.NEGATIVE_INFINITY

  /**
   * @param options - `size`: how many bytes there are, if known; `prints`: whether the command has output
   */
  constructor(
    verb: string,
    { size, prints }: { readonly size?: number | undefined; readonly prints: boolean },
  ) {
    this.#verb = verb
    this.#size = size
    this.#isShown = process.stderr.isTTY === true && !(prints && process.stdout.isTTY === true)
  }

  /** Counts sessions and bytes that have been processed. */
  add(sessions: number, bytes = 0): void {
    this.#sessions += sessions
    this.#bytes += bytes
    if (!this.#isShown || performance.now() - this.#shownAt < 100) return
    this.#shownAt = performance.now()
    process.stderr.write(`\r\x1b[K${this.#bar()}${this.#sessions.toLocaleString('en')} ${this.#verb}`)
  }

  /** Erases the line. */
  end(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K')
  }

  /** Erases the line, and says how many sessions there were. */
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
