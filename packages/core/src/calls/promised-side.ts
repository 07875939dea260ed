import type { Operation, Scope } from '../operations/operation.ts'
import type { StoreState } from '../operations/store-state.ts'
import { type AsyncSide, asyncItems, type Walk } from './side.ts'
import type { SyncSide } from './sync-side.ts'

/**
 * The asynchronous side of a synchronous engine. Without transactions, each call is made at once; with them, the
 * writes of one tick share a transaction.
 */
export class PromisedSide implements AsyncSide {
  readonly state: StoreState
  readonly #sync: SyncSide
  readonly #ownCalls = new Set<Promise<unknown>>()

  constructor(sync: SyncSide) {
    this.#sync = sync
    this.state = sync.state
  }

  ask<S extends Scope, C>(
    operation: Operation<S, C>,
    scope: S,
    a?: unknown,
    b?: unknown,
    c?: unknown,
  ): unknown {
    const group = this.#sync.group
    // Not an async function: its promise would cost more than all the checks.
    try {
      if (group === undefined || !(operation.isWrite || group.isBusy)) {
        return Promise.resolve(this.#sync.ask(operation, scope, a, b, c))
      }
      return this.#grouped(operation, scope, this.#sync.check(operation, scope, a, b, c))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  own<T>(scope: Scope, call: () => Promise<T>): Promise<T> {
    const sync = this.#sync
    const operation: Operation<Scope, undefined> = { isWrite: false, check: () => undefined, run: call }
    try {
      const answer = (sync.ask(operation, scope) as Promise<T>).catch((error) => {
        throw sync.error(error, scope, false)
      })
      const end = (): void => void this.#ownCalls.delete(answer)
      this.#ownCalls.add(answer)
      answer.then(end, end)
      return answer
    } catch (error) {
      return Promise.reject(error)
    }
  }

  items(walk: () => Walk): unknown {
    return asyncItems(walk())
  }

  close(): Promise<void> {
    try {
      this.#sync.stop()
      if (this.#ownCalls.size === 0) return Promise.resolve(this.#sync.close())
      return Promise.allSettled(this.#ownCalls).then(() => this.#sync.close())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #grouped<S extends Scope, C>(operation: Operation<S, C>, scope: S, checked: C): Promise<unknown> {
    const sync = this.#sync
    const { isWrite } = operation
    const answer = new Promise<unknown>((resolve, reject) => {
      sync.group?.add({
        isWrite,
        isSeveral: false,
        run: () => sync.make(operation, scope, checked),
        resolve,
        reject: (error) => reject(sync.error(error, scope, isWrite)),
      })
    })
    if (operation.isCounted && this.state.isTimeToReclaim()) {
      const nothing = (): void => undefined
      sync.group?.add({
        isWrite,
        isSeveral: false,
        run: () => sync.reclaimStep(),
        resolve: nothing,
        reject: nothing,
      })
    }
    return answer
  }
}
