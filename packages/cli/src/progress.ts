const width = 30

/**
 * How far a command has come, on a terminal; nothing anywhere else, nor where the terminal shows what the command
 * prints, since it would stand in the middle of that.
 */
export class Progress {
  readonly #verb: string
  readonly #size: number | undefined
  readonly #isShown: boolean
  #sessions = 0
  #bytes = 0
  #shownAt = Number.NEGATIVE_INFINITY

  /** `size`: how many bytes there are, where that is known; `prints`: whether the command prints what it does. */
  constructor(
    verb: string,
    { size, prints }: { readonly size?: number | undefined; readonly prints: boolean },
  ) {
    this.#verb = verb
    this.#size = size
    this.#isShown = process.stderr.isTTY === true && !(prints && process.stdout.isTTY === true)
  }

  /** Counts lines and bytes that are done. */
  add(lines: number, bytes = 0): void {
    this.#sessions += lines
    this.#bytes += bytes
    if (!this.#isShown || performance.now() - this.#shownAt < 100) return
    this.#shownAt = performance.now()
    process.stderr.write(`\r\x1b[K${this.#bar()}${this.#sessions.toLocaleString('en')} ${this.#verb}`)
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K')
  }

  #bar(): string {
    if (this.#size === undefined || this.#size === 0) return ''
    const done = Math.min(width, Math.floor((width * this.#bytes) / this.#size))
    return `[${'#'.repeat(done)}${'.'.repeat(width - done)}] `
  }
}
