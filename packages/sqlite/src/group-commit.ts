import { ContextStoreError } from '@context-store/core'
import type { SessionTables } from './session-tables.ts'
import type { SqliteConnection } from './sqlite-connection.ts'
import { translate } from './sqlite-errors.ts'

// Taken now: a test's fake timers replace the global one, and nothing would be committed.
const atEndOfTurn = setImmediate

interface QueuedCall {
  readonly call: (tables: SessionTables) => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** What the call came to, until all of its transaction are committed. */
  outcome: unknown
  failed: boolean
}

/**
 * The asynchronous calls of one turn of the event loop, made in their order in one transaction: what costs is
 * the sync at its end. Each is still all or nothing, and told of its outcome only when all are committed.
 */
export class GroupCommit {
  readonly #connection: SqliteConnection
  #queue: QueuedCall[] = []

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  /** Queues a call. */
  write<T>(call: (tables: SessionTables) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#queue.length === 0) atEndOfTurn(() => this.flush())
      this.#queue.push({
        call,
        resolve: resolve as (value: unknown) => void,
        reject,
        outcome: undefined,
        failed: false,
      })
    })
  }

  /** Makes a call that only reads: at once, or behind the writes that wait. */
  read<T>(call: (tables: SessionTables) => T): Promise<T> {
    if (this.#queue.length > 0) return this.write(call)
    return new Promise((resolve) => resolve(this.#connection.read(call)))
  }

  /** Makes every call that waits; the outcomes are theirs, it throws none. */
  flush(): void {
    const calls = this.#queue
    if (calls.length === 0) return
    this.#queue = []
    if (!this.#together(calls)) this.#oneByOne(calls)
  }

  /** Makes the calls in one transaction; `false`: the engine failed, and nothing has happened. */
  #together(calls: readonly QueuedCall[]): boolean {
    let tables: SessionTables
    try {
      tables = this.#connection.begin()
    } catch (error) {
      rejectAll(calls, error)
      return true
    }
    for (const queued of calls) {
      try {
        queued.outcome = queued.call(tables)
      } catch (error) {
        // The store's own errors come before the call's first write: the others may go on.
        if (!ContextStoreError.is(error)) {
          this.#connection.rollback()
          return false
        }
        queued.outcome = error
        queued.failed = true
      }
    }
    try {
      this.#connection.commit()
    } catch (error) {
      if (!ContextStoreError.is(error) || error.outcome !== 'unknown') return false
      rejectAll(calls, error)
      return true
    }
    for (const { failed, outcome, resolve, reject } of calls) {
      if (failed) reject(outcome)
      else resolve(outcome)
    }
    return true
  }

  /** Makes each call in a transaction of its own, so that the failing one fails alone. */
  #oneByOne(calls: readonly QueuedCall[]): void {
    for (const [index, { call, resolve, reject }] of calls.entries()) {
      let tables: SessionTables
      try {
        tables = this.#connection.begin()
      } catch (error) {
        rejectAll(calls.slice(index), error)
        return
      }
      try {
        const value = call(tables)
        this.#connection.commit()
        resolve(value)
      } catch (error) {
        this.#connection.rollback()
        reject(translate(error))
      }
    }
  }
}

function rejectAll(calls: readonly QueuedCall[], error: unknown): void {
  for (const { reject } of calls) reject(error)
}
