/**
 * Queues of tasks, one for each connection: a client may send requests before the earlier ones are answered, and Node
 * reads them ahead, but they must take effect in order (RFC 9112, 9.3.2).
 */
export class Turns {
  readonly #last = new WeakMap<object, Promise<void>>()

  /** Runs `task` when the owner's earlier tasks have ended. It must not reject. */
  take<T>(owner: object, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(owner)
    const now = before === undefined ? task() : before.then(task)
    // Without its result, which an idle connection would keep in memory.
    this.#last.set(owner, now.then(nothing))
    return now
  }
}

function nothing(): void {}
