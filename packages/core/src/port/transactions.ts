import type { ContextStoreError } from '../api/errors.ts'

/** What a failed call was doing. */
export type CallKind = 'read' | 'write' | 'commit'

/** An engine's transactions, which hold several calls. A synchronous engine returns nothing instead of promises. */
export interface Transactions {
  /**
   * Whether calls of a transaction that take one step are started together: the adapter then keeps their order, and
   * sends off at once what they ask the engine. Default: each is started when the one before it is done.
   */
  readonly startsTogether?: boolean
  /** Begins a transaction: the calls that follow belong to it. If it fails, nothing has begun. */
  begin(): Promise<void> | void
  /** Commits. After an error, the adapter's `errorOf` says by `outcome` whether it may have happened. */
  commit(): Promise<void> | void
  /** Ends the transaction without its writes. */
  rollback(): Promise<void> | void
  /** Calls `flush` when the callers of this tick of the event loop have been heard. */
  afterTick(flush: () => void): void
}

/** A call that waits for its transaction. */
export interface GroupedCall {
  /** Whether it may change anything. */
  readonly isWrite: boolean
  /** Whether it may take several steps on the engine, which no other call must come between. */
  readonly isSeveral: boolean
  /** Makes the call; returns the engine's answer, a value or a promise. */
  readonly run: () => unknown
  /** Tells the caller the result. */
  readonly resolve: (value: unknown) => void
  /** Tells the caller the error. */
  readonly reject: (error: unknown) => void
}

/** What a group commit needs of its store. */
export interface GroupedStore {
  /** Runs {@link GroupedWrites.flush} to its end. */
  flush(): void
  /** The store's error for an error of the engine. */
  errorOf(error: unknown, during: CallKind): ContextStoreError
}

/** The writes of a store that share transactions; made by `new GroupCommit(transactions)`, used by core. */
export interface GroupedWrites {
  /** Whether calls wait, or are being made. */
  readonly isBusy: boolean
  /** Called once, when the store is created. */
  attach(store: GroupedStore): void
  /** Queues a call for the transaction of this tick. */
  add(call: GroupedCall): void
  /** Makes every call that waits; their outcomes are theirs, it throws none. */
  flush(): Generator<unknown, void, unknown>
  /** Makes one call in a transaction of its own. */
  alone(run: () => unknown): Generator<unknown, unknown, unknown>
}
