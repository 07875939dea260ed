/** Holds calls of an engine until a test releases them. */
export class Gate {
  readonly #held = new Map<string, () => void>()

  /** Waits until the call of that name is released. */
  pass(name: string): Promise<void> {
    return new Promise((resolve) => this.#held.set(name, resolve))
  }

  /** Whether a call of that name waits here. */
  holds(name: string): boolean {
    return this.#held.has(name)
  }

  /** Releases a call. */
  open(name: string): void {
    const go = this.#held.get(name)
    if (go === undefined) throw new Error(`no call named "${name}" is waiting`)
    this.#held.delete(name)
    go()
  }
}

/** Resolves when everything has run that needs no timer and no I/O. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
