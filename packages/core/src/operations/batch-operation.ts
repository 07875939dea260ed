import { ContextStoreError } from '../api/errors.ts'
import type { BatchOutcome, BatchWrite, RefusedWrite } from '../port/batch.ts'
import type { WriteOutcome } from '../port/patch-request.ts'
import { errorAt } from '../rules/error-at.ts'
import type { Operation, Scope } from './operation.ts'
import { answered, type Steps } from './steps.ts'

/** The result of a batch: all of it is applied, or none since a condition did not hold. */
export type BatchResult = BatchApplied | BatchRefused

/** A batch that is applied. */
export interface BatchApplied {
  /** Told apart by it. */
  readonly ok: true
}

/** A batch of which nothing is applied. */
export interface BatchRefused extends RefusedWrite {
  /** Told apart by it. */
  readonly ok: false
}

/** Several writes on sessions of one store, as one atom; they have been checked. */
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
 * Makes the writes of a batch in their order, up to the first that is refused; for adapters, which then undo the
 * others. An error of the store's own says which session it is about.
 *
 * @param make - makes one write, seeing those before it; gets its place in the batch
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
