import type { ContextStore } from '../api/context-store.ts'
import type { Engine, Operation, Scope } from '../operations/operation.ts'
import type { Cannot } from '../port/capability.ts'
import type { StoreRules } from '../rules/store-rules.ts'
import { StoreHandle } from './handles.ts'

/** The engine of a store, for a package whose own store keeps its data there. */
export interface EngineOfStore {
  /** The rules of the store: its limits and its clock. */
  readonly rules: StoreRules
  /** What the engine cannot do, with the reason. */
  readonly cannot: Cannot
  /**
   * Makes one call to the port, in the order of the store's other calls. Its arguments are not checked: they may use
   * the account `''`, which no caller of the store can use.
   *
   * @param isWrite - whether the call may change data
   * @param call - calls one method of the engine and returns its result
   */
  call<T>(scope: Scope, isWrite: boolean, call: (engine: Engine) => T | Promise<T>): Promise<T>
}

/**
 * Returns the engine of a store, without the checks of the store's interface. For a package whose own store has already
 * checked the calls, and which keeps its data and its own records in this store.
 *
 * @throws `UnsupportedError` for a store that this copy of core did not create
 */
export function engineOf(store: ContextStore): EngineOfStore {
  const side = StoreHandle.sideOf(store)
  const { rules, cannot } = side.state
  return {
    rules,
    cannot,
    call<T>(scope: Scope, isWrite: boolean, call: (engine: Engine) => T | Promise<T>): Promise<T> {
      return side.ask(isWrite ? write : read, scope, call) as Promise<T>
    },
  }
}

type EngineCall = (engine: Engine) => unknown

const read: Operation<Scope, EngineCall> = {
  isWrite: false,
  check: (_store, _scope, call) => call as EngineCall,
  run: (engine, _scope, call) => call(engine),
}

const write: Operation<Scope, EngineCall> = { ...read, isWrite: true, isCounted: true }
