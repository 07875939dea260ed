import type { RedisAbortSignal } from './redis-client.ts'

/**
 * Withdraws one command from the client's queue before it is sent; the client removes the listener when it sends the
 * command. An `AbortController` for each command would cost more than the rest of the call.
 */
export class Withdrawal implements RedisAbortSignal {
  aborted = false
  #listener: (() => void) | undefined

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener
  }

  removeEventListener(): void {
    this.#listener = undefined
  }

  /** Withdraws the command, if it has not been sent yet. */
  abort(): void {
    this.aborted = true
    this.#listener?.()
  }
}
