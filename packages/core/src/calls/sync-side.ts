import type { Driver, Operation, Scope } from '../operations/operation.ts'
import { runSync } from '../operations/steps.ts'
import type { StoreState } from '../operations/store-state.ts'
import type { SyncStorageAdapter } from '../port/storage-adapter.ts'
import type { GroupedWrites } from '../port/transactions.ts'
import { argumentError, callError, engineError } from './call-error.ts'
import { type Side, syncItems, type Walk } from './side.ts'

const driver: Driver = { run: runSync, pause: () => undefined }

/** The synchronous side: a call is done when it returns. */
export class SyncSide implements Side {
  readonly state: StoreState
  /** The waiting writes of the asynchronous side; `undefined`: the engine has no transactions. */
  readonly group: GroupedWrites | undefined
  readonly #engine: SyncStorageAdapter
  #isEngineClosed = false
  #closeError: { readonly error: unknown } | undefined

  constructor(engine: SyncStorageAdapter, state: StoreState) {
    this.#engine = engine
    this.state = state
    this.group = engine.transactions
    this.group?.attach({
      flush: () => this.flush(),
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
    const { state, group } = this
    const checked = this.check(operation, scope, a, b, c)
    let value: unknown
    try {
      if (group === undefined) value = operation.run(this.#engine, scope, checked, state, driver)
      else value = this.#inTransaction(group, operation, scope, checked)
    } catch (error) {
      throw callError(this.#engine, error, scope, operation.isWrite)
    }
    if (operation.isCounted && state.isTimeToReclaim()) this.reclaim()
    return value
  }

  /** Checks that the store is open, then the arguments of a call. */
  check<S extends Scope, C>(operation: Operation<S, C>, scope: S, a: unknown, b: unknown, c: unknown): C {
    try {
      this.state.check()
      return operation.check(this.state, scope, a, b, c)
    } catch (error) {
      throw argumentError(error, scope)
    }
  }

  /** Makes a call whose arguments have been checked; for the asynchronous side, which decides when. */
  make<S extends Scope, C>(operation: Operation<S, C>, scope: S, checked: C): unknown {
    return operation.run(this.#engine, scope, checked, this.state, driver)
  }

  /** The error that a call rejects with. */
  error(error: unknown, scope: Scope, isWrite: boolean): unknown {
    return callError(this.#engine, error, scope, isWrite)
  }

  /** Makes the waiting writes of the asynchronous side. */
  flush(): void {
    if (this.group !== undefined) runSync(this.group.flush())
  }

  /** Frees some expired data. An error must not fail the preceding write, which has been applied. */
  reclaim(): void {
    const { group } = this
    try {
      const work = (): unknown => this.reclaimStep()
      if (group === undefined) work()
      else runSync(group.alone(work))
    } catch {
      // A failing engine fails the next call.
    }
  }

  /** One step of reclaiming; the caller opens a transaction if the engine has them. */
  reclaimStep(): void {
    if (this.#engine.reclaim !== undefined) this.state.reclaimed(this.#engine.reclaim())
  }

  items(walk: () => Walk): unknown {
    return syncItems(walk())
  }

  /** Makes the waiting writes, and refuses every further call. */
  stop(): void {
    if (this.state.isClosed) return
    this.state.close()
    this.flush()
  }

  close(): void {
    this.stop()
    if (!this.#isEngineClosed) {
      this.#isEngineClosed = true
      try {
        this.#engine.close()
      } catch (error) {
        this.#closeError = { error: engineError(this.#engine, error, 'read') }
      }
    }
    if (this.#closeError !== undefined) throw this.#closeError.error
  }

  #inTransaction<S extends Scope, C>(
    group: GroupedWrites,
    operation: Operation<S, C>,
    scope: S,
    checked: C,
  ): unknown {
    this.flush()
    const run = (): unknown => this.make(operation, scope, checked)
    return operation.isWrite ? runSync(group.alone(run)) : run()
  }
}
