import type { SessionAddress } from '../api/context-store.ts'
import type { StorageAdapter, SyncStorageAdapter } from '../port/storage-adapter.ts'
import type { Steps } from './steps.ts'
import type { StoreState } from './store-state.ts'

/** An engine of either kind: what it returns is a value or a promise. */
export type Engine = StorageAdapter | SyncStorageAdapter

/** What a call is about: a session, a namespace, an account, or the whole store. */
export type Scope = Partial<SessionAddress>

/** How a procedure of several steps is run on an engine. */
export interface Driver {
  /** Runs it: to its value, or to a promise of that. */
  run<T>(steps: Steps<T>): unknown
  /** Waits before another attempt at what was lost to somebody else; at once where the engine is synchronous. */
  pause(attempt: number): unknown
}

/** One call of the API, written once for both sides of a store. */
export interface Operation<S extends Scope, C> {
  /** Whether it may change anything. */
  readonly isWrite: boolean
  /** Whether it takes several steps, which no other call on its session may come between. */
  readonly isSeveral?: true
  /** Whether it counts as a write after which the store reclaims. */
  readonly isCounted?: true
  /** Checks and copies the arguments, before the call returns. */
  check(store: StoreState, scope: S, a: unknown, b: unknown, c: unknown): C
  /** Makes the call; the engine's answer, a value or a promise. */
  run(engine: Engine, scope: S, checked: C, store: StoreState, driver: Driver): unknown
}

/** An error that the caller's own function threw: it reaches the caller as it is. */
export class ThrownByCaller {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}
