import type { Driver, Operation, Scope } from '../operations/operation.ts'
import { runAsync } from '../operations/steps.ts'
import type { StoreState } from '../operations/store-state.ts'
import type { StorageAdapter } from '../port/storage-adapter.ts'
import type { GroupedWrites } from '../port/transactions.ts'
import { argumentError, callError, engineError } from './call-error.ts'
import { CallQueue, type QueuedCall } from './call-queue.ts'
import { type AsyncSide, asyncItems, type Walk } from './side.ts'

declare function setTimeout(callback: () => void, milliseconds: number): unknown

/** The asynchronous side of an asynchronous engine: calls run in the order of the queue. */
export class QueuedSide implements AsyncSide {
  readonly state: StoreState
  readonly #engine: StorageAdapter
  readonly #queue: CallQueue
  readonly #group: GroupedWrites | undefined
  #closing: Promise<void> | undefined

  constructor(engine: StorageAdapter, state: StoreState) {
    this.#engine = engine
    this.state = state
    this.#queue = new CallQueue(engine.timeoutMs)
    const group = engine.transactions
    this.#group = group
    group?.attach({
      flush: () => void runAsync(group.flush()),
      errorOf: (error, during) => engineError(engine, error, during),
    })
  }

  ask<S extends Scope, C>(
    operation: Operation<S, C>,
    scope: S,
    a?: unknown,
    b?: unknown,
    c?: unknown,
  ): unknown {
    const { state } = this
    const { isWrite } = operation
    let checked: C
    try {
      state.check()
      checked = operation.check(state, scope, a, b, c)
    } catch (error) {
      return Promise.reject(argumentError(error, scope))
    }
    const answer = this.#queue.add(
      scope,
      isWrite,
      this.#isExclusive(operation, scope),
      (call) => this.#make(operation, scope, checked, call),
      (error) => callError(this.#engine, error, scope, isWrite),
    )
    if (operation.isCounted && state.isTimeToReclaim()) this.#reclaim()
    return answer
  }

  own<T>(scope: Scope, call: () => Promise<T>): Promise<T> {
    const operation: Operation<Scope, undefined> = { isWrite: false, check: () => undefined, run: call }
    return this.ask(operation, scope) as Promise<T>
  }

  items(walk: () => Walk): unknown {
    return asyncItems(walk())
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      try {
        this.state.close()
      } catch (error) {
        return Promise.reject(error)
      }
      this.#closing = this.#queue
        .ended()
        .then(() => this.#engine.close())
        .catch((error) => {
          throw engineError(this.#engine, error, 'read')
        })
    }
    return this.#closing
  }

  /** Whether no other call in its session, or its namespace, may run at the same time. */
  #isExclusive<S extends Scope, C>(operation: Operation<S, C>, scope: S): boolean {
    if (scope.session === undefined || !this.#engine.keepsOrder) return operation.isWrite
    return operation.isSeveral === true && this.#group === undefined
  }

  #make<S extends Scope, C>(
    operation: Operation<S, C>,
    scope: S,
    checked: C,
    call: QueuedCall,
  ): Promise<unknown> {
    const driver: Driver = { run: (steps) => runAsync(steps, call), pause }
    const run = (): Promise<unknown> =>
      operation.run(this.#engine, scope, checked, this.state, driver) as Promise<unknown>
    const isSeveral =
      operation.isSeveral === true || (!operation.isWrite && this.state.rules.explicitNamespaces)
    return this.#inGroup(operation.isWrite, isSeveral, run)
  }

  /** Groups writes with the others of their tick; a read joins them if writes are waiting. */
  #inGroup<T>(isWrite: boolean, isSeveral: boolean, run: () => Promise<T>): Promise<T> {
    const group = this.#group
    if (group === undefined || !(isWrite || group.isBusy)) return run()
    return new Promise((resolve, reject) => {
      group.add({ isWrite, isSeveral, run, resolve: resolve as (value: unknown) => void, reject })
    })
  }

  /** Frees some expired data, concurrently with other calls. An error is ignored: a failing engine fails the next call. */
  #reclaim(): void {
    const engine = this.#engine
    if (engine.reclaim === undefined) return
    this.#queue
      .add(
        {},
        false,
        false,
        () => this.#inGroup(true, false, async () => engine.reclaim?.() ?? false),
        Object,
      )
      .then(
        (isMoreLeft) => this.state.reclaimed(isMoreLeft),
        () => undefined,
      )
  }
}

/** Waits for a random time that grows with the attempts, up to 32 ms, so that competing writers do not stay in step. */
function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(32, 2 ** attempt)))
}
