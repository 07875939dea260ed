import type { SessionAddress } from '../api/context-store.ts'
import type { StorageAdapter, SyncStorageAdapter } from '../port/storage-adapter.ts'
import type { Steps } from './steps.ts'
import type { StoreState } from './store-state.ts'

/** A synchronous or an asynchronous engine: it returns values or promises. */
export type Engine = StorageAdapter | SyncStorageAdapter

/** What a call is about: a session, a namespace, an account, or the whole store. */
export type Scope = Partial<SessionAddress>

/** How a procedure of several steps is run on an engine. */
export interface Driver {
  /** Runs it; returns its value, or a promise of it. */
  run<T>(steps: Steps<T>): unknown
  /** Waits before another attempt after a lost race; returns at once if the engine is synchronous. */
  pause(attempt: number): unknown
}

/** One call of the API, written once for both sides of a store. */
export interface Operation<S extends Scope, C> {
  /** Whether it may change data. */
  readonly isWrite: boolean
  /** Whether it takes several steps, with no other call on its session allowed in between. */
  readonly isSeveral?: true
  /** Whether it counts towards the writes after which the store reclaims. */
  readonly isCounted?: true
  /** Checks and copies the arguments, before the call returns. */
  check(store: StoreState, scope: S, a: unknown, b: unknown, c: unknown): C
  /** Makes the call; returns the engine's answer, a value or a promise. */
  run(engine: Engine, scope: S, checked: C, store: StoreState, driver: Driver): unknown
}

/** Wraps an error that the caller's own function threw, so that it reaches the caller unchanged. */
export class ThrownByCaller {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}
