import { ContextStoreError, StoreUnavailableError } from '../api/errors.ts'
import { ThrownByCaller } from '../operations/operation.ts'
import type { Steps } from '../operations/steps.ts'
import type {
  CallKind,
  GroupedCall,
  GroupedStore,
  GroupedWrites,
  Transactions,
} from '../port/transactions.ts'
import { isThenable } from '../rules/json-copy.ts'

/** A call with its outcome, until the transaction is committed. */
interface Made {
  readonly call: GroupedCall
  readonly outcome: unknown
  readonly failed: boolean
}

/**
 * Makes the writes of one tick of the event loop in order in one transaction, since most of the cost is the sync at its
 * end. Each write is still all or nothing, and one that fails does not fail the others. A caller gets the outcome only
 * after the commit. Reads behind waiting writes join the transaction.
 */
export class GroupCommit implements GroupedWrites {
  readonly #transactions: Transactions
  #store: GroupedStore | undefined
  #waiting: GroupedCall[] = []
  #isFlushing = false

  /** @param transactions - the engine's transactions; each adapter object needs its own group commit */
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Core calls it once, when the store is created. */
  attach(store: GroupedStore): void {
    this.#store = store
  }

  /** Whether calls are waiting or running. */
  get isBusy(): boolean {
    return this.#isFlushing || this.#waiting.length > 0
  }

  /** Queues a call. */
  add(call: GroupedCall): void {
    if (this.#waiting.length === 0) this.#transactions.afterTick(() => this.#store?.flush())
    this.#waiting.push(call)
  }

  /** Makes every waiting call. It never throws: each call gets its own outcome. */
  *flush(): Generator<unknown, void, unknown> {
    // An asynchronous engine is still busy with the previous tick: that flush continues with these calls.
    if (this.#isFlushing) return
    this.#isFlushing = true
    try {
      while (this.#waiting.length > 0) {
        const calls = this.#waiting
        this.#waiting = []
        if (!(yield* this.#makeTogether(calls))) yield* this.#makeOneByOne(calls)
      }
    } finally {
      this.#isFlushing = false
    }
  }

  /** Makes one call in its own transaction. */
  *alone(run: () => unknown): Generator<unknown, unknown, unknown> {
    yield this.#begin()
    return yield* this.#finish(run)
  }

  /** Makes the calls in one transaction; `false`: the engine failed, and nothing was written. */
  *#makeTogether(calls: readonly GroupedCall[]): Steps<boolean> {
    try {
      yield this.#begin()
    } catch (error) {
      yield* this.#makeWithoutTransaction(calls, error)
      return true
    }
    const made: Made[] = []
    const started = new Map<GroupedCall, Promise<unknown>>()
    for (const [at, call] of calls.entries()) {
      try {
        made.push({ call, outcome: yield this.#answer(call, calls, at, started), failed: false })
      } catch (error) {
        // The store's own errors, and the caller's, are thrown before the call's first write: the others continue.
        if (!ContextStoreError.is(error) && !(error instanceof ThrownByCaller)) {
          yield this.#rollback()
          return false
        }
        made.push({ call, outcome: error, failed: true })
      }
    }
    try {
      yield this.#commit()
    } catch (error) {
      if (!ContextStoreError.is(error) || error.outcome !== 'unknown') return false
      rejectAll(calls, error)
      return true
    }
    for (const { call, outcome, failed } of made) {
      if (failed) call.reject(outcome)
      else call.resolve(outcome)
    }
    return true
  }

  /** The engine's answer to a call. It is started now, or was already started together with earlier calls. */
  #answer(
    call: GroupedCall,
    calls: readonly GroupedCall[],
    at: number,
    started: Map<GroupedCall, Promise<unknown>>,
  ): unknown {
    if (this.#transactions.startsTogether !== true || call.isSeveral) return call.run()
    if (!started.has(call)) {
      for (let next = at; next < calls.length; next++) {
        const later = calls[next]
        if (later === undefined || later.isSeveral) break
        started.set(later, startedCall(later))
      }
    }
    return started.get(call)
  }

  /** Makes each call in its own transaction, so that only the failing one fails. */
  *#makeOneByOne(calls: readonly GroupedCall[]): Steps<void> {
    for (const [index, call] of calls.entries()) {
      try {
        if (call.isWrite) yield this.#begin()
      } catch (error) {
        // Not retried for each call: waiting for a lock that another process holds takes seconds to time out.
        yield* this.#makeWithoutTransaction(calls.slice(index), error)
        return
      }
      try {
        call.resolve(call.isWrite ? yield* this.#finish(call.run) : yield call.run())
      } catch (error) {
        call.reject(error)
      }
    }
  }

  /** Makes a call in the open transaction, and commits. */
  *#finish(run: () => unknown): Steps<unknown> {
    let value: unknown
    try {
      value = yield run()
    } catch (error) {
      yield this.#rollback()
      throw error
    }
    yield this.#commit()
    return value
  }

  /** Rejects the writes, since no transaction can begin; the reads do not need one. */
  *#makeWithoutTransaction(calls: readonly GroupedCall[], reason: unknown): Steps<void> {
    for (const call of calls) {
      if (call.isWrite) {
        call.reject(reason)
        continue
      }
      try {
        call.resolve(yield call.run())
      } catch (error) {
        call.reject(error)
      }
    }
  }

  #errorOf(error: unknown, during: CallKind): ContextStoreError {
    return (
      this.#store?.errorOf(error, during) ??
      new StoreUnavailableError('the engine failed: see the cause', { cause: error })
    )
  }

  #begin(): unknown {
    return guarded(
      () => this.#transactions.begin(),
      (error) => {
        throw notApplied(this.#errorOf(error, 'read'))
      },
    )
  }

  /** Commits, or rolls back and throws; the error's `outcome` says whether the writes may have been applied. */
  #commit(): unknown {
    return guarded(
      () => this.#transactions.commit(),
      (error) => {
        const failure = (): never => {
          throw this.#errorOf(error, 'commit')
        }
        const rolledBack = this.#rollback()
        return isThenable(rolledBack) ? rolledBack.then(failure) : failure()
      },
    )
  }

  /** Never fails: engines end some failed transactions by themselves, and the first error is the one to report. */
  #rollback(): unknown {
    return guarded(
      () => this.#transactions.rollback(),
      () => undefined,
    )
  }
}

/**
 * Returns what a call to the engine returns; `fail` gets its error, thrown or rejected. It does not use `Steps`: three
 * such generators would cost a synchronous write a tenth of its time.
 */
function guarded(call: () => unknown, fail: (error: unknown) => unknown): unknown {
  try {
    const answer = call()
    return isThenable(answer) ? answer.then(undefined, fail) : answer
  } catch (error) {
    return fail(error)
  }
}

/** Starts a call whose answer is awaited later, or never if an earlier call fails. */
function startedCall({ run }: GroupedCall): Promise<unknown> {
  const answer = (async () => run())()
  answer.catch(() => undefined)
  return answer
}

/** Before a transaction has begun, nothing can have been written. */
function notApplied(error: ContextStoreError): ContextStoreError {
  if (error.outcome === 'not-applied') return error
  return new StoreUnavailableError(error.message, { cause: error })
}

function rejectAll(calls: readonly GroupedCall[], error: unknown): void {
  for (const { reject } of calls) reject(error)
}
