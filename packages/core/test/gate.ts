/** Holds calls of an engine until a test lets them go. */
export class Gate {
  readonly #held = new Map<string, () => void>()

  /** Waits until the call of that name is let go. */
  pass(name: string): Promise<void> {
    return new Promise((resolve) => this.#held.set(name, resolve))
  }

  /** Whether a call of that name waits here. */
  holds(name: string): boolean {
    return this.#held.has(name)
  }

  /** Lets a call go. */
  open(name: string): void {
    const go = this.#held.get(name)
    if (go === undefined) throw new Error(`nothing called "${name}" waits`)
    this.#held.delete(name)
    go()
  }
}

/** Lets everything happen that needs no timer and no answer from outside. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
