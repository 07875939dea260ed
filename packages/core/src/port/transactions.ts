import type { ContextStoreError } from '../api/errors.ts'

/** The kind of call that failed. */
export type CallKind = 'read' | 'write' | 'commit'

/** An engine's transactions, each for several calls. A synchronous engine returns nothing instead of promises. */
export interface Transactions {
  /**
   * Whether the single-step calls of a transaction are started together: the adapter then keeps their order and sends
   * their requests to the engine at once. Default: each is started when the previous one is done.
   */
  readonly startsTogether?: boolean
  /** Begins a transaction: the calls that follow belong to it. If it throws, no transaction is open. */
  begin(): Promise<void> | void
  /** Commits. If it throws, the `outcome` of the adapter's `errorOf` says whether the commit may have happened. */
  commit(): Promise<void> | void
  /** Rolls the transaction back. */
  rollback(): Promise<void> | void
  /** Calls `flush` after this tick of the event loop, when its callers have made their calls. */
  afterTick(flush: () => void): void
}

/** A call that waits for its transaction. */
export interface GroupedCall {
  /** Whether it may change data. */
  readonly isWrite: boolean
  /** Whether it may take several engine calls, with no other call allowed in between. */
  readonly isSeveral: boolean
  /** Makes the call; returns the engine's answer, a value or a promise. */
  readonly run: () => unknown
  /** Passes the result to the caller. */
  readonly resolve: (value: unknown) => void
  /** Passes the error to the caller. */
  readonly reject: (error: unknown) => void
}

/** What a group commit needs from its store. */
export interface GroupedStore {
  /** Runs {@link GroupedWrites.flush} to completion. */
  flush(): void
  /** Translates an error of the engine into the store's error. */
  errorOf(error: unknown, during: CallKind): ContextStoreError
}

/** The writes of a store that share transactions; made by `new GroupCommit(transactions)`, used by core. */
export interface GroupedWrites {
  /** Whether calls are waiting or running. */
  readonly isBusy: boolean
  /** Called once, when the store is created. */
  attach(store: GroupedStore): void
  /** Queues a call for the transaction of this tick. */
  add(call: GroupedCall): void
  /** Makes every waiting call. It never throws: each call gets its own outcome. */
  flush(): Generator<unknown, void, unknown>
  /** Makes one call in its own transaction. */
  alone(run: () => unknown): Generator<unknown, unknown, unknown>
}
