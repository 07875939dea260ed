import type { AddressKey } from './storage-adapter.ts'

/**
 * Keeps the calls of one store on one session in order around an `update`, which takes several steps: while one
 * is under way, later calls on its session start behind it, in their order. Other calls start at once.
 */
export class SessionTurns {
  readonly #tails = new Map<string, Promise<void>>()

  /** Starts a call behind the updates of its session; calls that wait do not wait for one another's ends. */
  start<T>(key: AddressKey, call: () => Promise<T>): Promise<T> {
    if (this.#tails.size === 0) return call()
    const name = nameOf(key)
    const tail = this.#tails.get(name)
    if (tail === undefined) return call()
    return new Promise((resolve) => {
      this.#extend(name, tail, async () => resolve(new Promise((started) => started(call()))))
    })
  }

  /** Runs an update: what comes behind it starts when it has ended. */
  hold<T>(key: AddressKey, update: () => Promise<T>): Promise<T> {
    const name = nameOf(key)
    const tail = this.#tails.get(name) ?? Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#extend(name, tail, () => update().then(resolve, reject))
    })
  }

  /** Resolves when no update is under way. */
  async ended(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values())
  }

  #extend(name: string, tail: Promise<void>, next: () => Promise<void>): void {
    const extended: Promise<void> = tail.then(next).then(() => {
      if (this.#tails.get(name) === extended) this.#tails.delete(name)
    })
    this.#tails.set(name, extended)
  }
}

function nameOf(key: AddressKey): string {
  return JSON.stringify([key.account, key.namespace, key.session])
}
