import type { ContextStore } from '@context-store/core'
import { ContextStoreError, StoreUnavailableError } from '@context-store/core'
import { traitsOf } from '@context-store/core/adapter'

/** How long to wait for a call of the remote store, in milliseconds; its own timeout may be shorter. */
const longestCall = 60_000

/** The codes of errors that a write gets again however often it is sent. */
const forGood: ReadonlySet<string> = new Set([
  'invalid-address',
  'invalid-option',
  'invalid-value',
  'namespace-not-found',
  'too-large',
  'unsupported',
])

/** Whether the remote store refuses a write permanently, so that sending it again is useless. */
export function isForGood(error: ContextStoreError): boolean {
  return forGood.has(error.code)
}

/** The calls of the remote store. Each ends in time, and every error is a `ContextStoreError`. */
export class RemoteCalls {
  readonly store: ContextStore
  readonly can: { readonly conditions: boolean; readonly removals: boolean; readonly timeToLive: boolean }
  /** Whether {@link stop} was called. */
  isStopped = false
  /** Functions that stop waiting for a pending call. */
  readonly #waiting = new Set<() => void>()
  #underWay = 0

  constructor(store: ContextStore) {
    this.store = store
    const { cannot } = traitsOf(store)
    this.can = {
      conditions: cannot.conditions === undefined,
      removals: cannot.removals === undefined,
      timeToLive: cannot['time-to-live'] === undefined,
    }
  }

  /** Makes a call; rejects if it takes too long, or when the store is closed. */
  ask<T>(call: (store: ContextStore) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(giveUp)
        reject(new StoreUnavailableError('the remote store did not answer in time', { outcome: 'unknown' }))
      }
      const timer = setTimeout(giveUp, longestCall)
      if (this.isStopped) {
        giveUp()
        return
      }
      this.#waiting.add(giveUp)
      this.#underWay++
      answerOf(call, this.store)
        .then(resolve, (error) => reject(ContextStoreError.is(error) ? error : failed(error)))
        .finally(() => {
          clearTimeout(timer)
          this.#waiting.delete(giveUp)
          this.#underWay--
        })
    })
  }

  /** Stops waiting for answers. */
  stop(): void {
    this.isStopped = true
    for (const giveUp of this.#waiting) giveUp()
  }

  /** Closes the store; does not wait for its pending calls. */
  async close(): Promise<void> {
    const isIdle = this.#underWay === 0
    this.stop()
    const closing = this.store.close()
    if (isIdle) await closing
    else closing.catch(() => undefined)
  }
}

/** The result of the call; an error that it throws synchronously becomes a rejection. */
async function answerOf<T>(call: (store: ContextStore) => Promise<T>, store: ContextStore): Promise<T> {
  return await call(store)
}

function failed(cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError('the remote store failed: see the cause', { cause, outcome: 'unknown' })
}
