import { ContextStoreError } from '../api/errors.ts'
import type { BatchOutcome, BatchWrite, RefusedWrite } from '../port/batch.ts'
import type { WriteOutcome } from '../port/patch-request.ts'
import { errorAt } from '../rules/error-at.ts'
import type { Operation, Scope } from './operation.ts'
import { answered, type Steps } from './steps.ts'

/** The result of a batch: all of it was applied, or nothing, because a condition did not hold. */
export type BatchResult = BatchApplied | BatchRefused

/** A batch that was applied. */
export interface BatchApplied {
  /** All writes were applied. */
  readonly ok: true
}

/** A batch that was not applied. */
export interface BatchRefused extends RefusedWrite {
  /** Nothing was applied. */
  readonly ok: false
}

/** Several writes to sessions of one store, made atomically; they have been checked. */
export const makeBatch: Operation<Scope, readonly BatchWrite[]> = {
  isWrite: true,
  isCounted: true,
  check: (_store, _scope, writes) => writes as readonly BatchWrite[],
  run: (engine, _scope, writes, _store, driver) =>
    driver.run(
      (function* (): Steps<BatchResult> {
        const refused: BatchOutcome = yield* answered(engine.batch?.(writes))
        return refused === undefined ? { ok: true } : { ok: false, ...refused }
      })(),
    ),
}

/**
 * Makes the writes of a batch in order, up to the first whose condition does not hold. For adapters, which then undo the
 * others. A `ContextStoreError` gets the address of the session.
 *
 * @param make - makes one write, which must see those before it; gets its index in the batch
 */
export function makeInOrder(
  writes: readonly BatchWrite[],
  make: (write: BatchWrite, index: number) => WriteOutcome,
): BatchOutcome {
  for (const [index, write] of writes.entries()) {
    let current: WriteOutcome
    try {
      current = make(write, index)
    } catch (error) {
      throw ContextStoreError.is(error) ? errorAt(error, write.address) : error
    }
    if (current !== undefined) return { index, current }
  }
  return undefined
}
