import type { ContextStore } from '../api/context-store.ts'
import type { Engine, Operation, Scope } from '../operations/operation.ts'
import type { Cannot } from '../port/capability.ts'
import type { StoreRules } from '../rules/store-rules.ts'
import { StoreHandle } from './handles.ts'

/** The engine behind a store, for a package whose own store keeps its data there. */
export interface EngineOfStore {
  /** The rules of the store: its limits, and its clock. */
  readonly rules: StoreRules
  /** What the engine cannot do, with the reason. */
  readonly cannot: Cannot
  /**
   * Makes one call of the port, in the order of the store's other calls. Its arguments are taken as checked: they may
   * name an account `''`, which no caller of the store can name.
   *
   * @param isWrite - whether the call may change anything
   * @param call - makes the call, one member of the engine's; returns what that returns
   */
  call<T>(scope: Scope, isWrite: boolean, call: (engine: Engine) => T | Promise<T>): Promise<T>
}

/**
 * The engine behind a store, below the checks of its interface: for a package whose own store has checked the calls
 * already and keeps its data, and records of its own, in this one.
 *
 * @throws `UnsupportedError` for a store that another copy of core made
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
