import type { Operation, Scope } from '../operations/operation.ts'
import type { StoreState } from '../operations/store-state.ts'
import { asyncItems, type Side, type Walk } from './side.ts'
import type { SyncSide } from './sync-side.ts'

/**
 * The asynchronous side of a synchronous engine. An engine without transactions makes each call at once; one with
 * transactions makes the writes of a tick together.
 */
export class PromisedSide implements Side {
  readonly state: StoreState
  readonly #sync: SyncSide

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
    // No asynchronous function: its promise would cost more than all the checks.
    try {
      if (group === undefined || !(operation.isWrite || group.isBusy)) {
        return Promise.resolve(this.#sync.ask(operation, scope, a, b, c))
      }
      return this.#grouped(operation, scope, this.#sync.check(operation, scope, a, b, c))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  items(walk: () => Walk): unknown {
    return asyncItems(walk())
  }

  close(): Promise<void> {
    try {
      return Promise.resolve(this.#sync.close())
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
        run: () => sync.make(operation, scope, checked),
        resolve,
        reject: (error) => reject(sync.error(error, scope, isWrite)),
      })
    })
    if (operation.isCounted && this.state.isTimeToReclaim()) {
      const nothing = (): void => undefined
      sync.group?.add({ isWrite, run: () => sync.reclaimStep(), resolve: nothing, reject: nothing })
    }
    return answer
  }
}
