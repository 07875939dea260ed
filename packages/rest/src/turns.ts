/**
 * Lets one thing after the other happen for each owner: Node reads ahead what a client sends behind an
 * unanswered request, and a write that was sent first has to happen first (RFC 9112, 9.3.2).
 */
export class Turns {
  readonly #last = new WeakMap<object, Promise<unknown>>()

  /** Does `task` at once, or when what the owner started before has ended. It must not reject. */
  take<T>(owner: object, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(owner)
    const now: Promise<T> = before === undefined ? task() : before.then(task)
    this.#last.set(owner, now)
    return now.finally(() => {
      if (this.#last.get(owner) === now) this.#last.delete(owner)
    })
  }
}
