import type { RedisAbortSignal } from './redis-client.ts'

/**
 * A signal by which one command can be withdrawn from the client's queue before it is sent; the client takes its
 * listener back when it sends it. An `AbortController` for each command would cost more than all else of a call.
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

  /** Withdraws the command, if it has not been sent. */
  abort(): void {
    this.aborted = true
    this.#listener?.()
  }
}
