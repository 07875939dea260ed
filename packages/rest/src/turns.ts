/**
 * Lets one thing after the other happen for each owner: Node reads ahead what a client sends behind an
 * unanswered request, and a write that was sent first has to happen first (RFC 9112, 9.3.2).
 */
export class Turns {
  readonly #last = new WeakMap<object, Promise<void>>()

  /** Does `task` at once, or when what the owner started before has ended. It must not reject. */
  take<T>(owner: object, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(owner)
    const now = before === undefined ? task() : before.then(task)
    // Not what it came to, which an idle owner would keep.
    this.#last.set(owner, now.then(nothing))
    return now
  }
}

function nothing(): void {}
