import fc from 'fast-check'
import { nameOf } from './check.ts'
import { type CaseContext, type Row, RowFailure } from './conformance-case.ts'

/**
 * Runs a property on random values. A failure reports the smallest failing value, its row, and the seed that repeats the
 * same values.
 */
export async function checkRuns<T>(
  context: CaseContext,
  row: Row,
  values: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
): Promise<void> {
  const parameters: fc.Parameters<[T]> = {
    numRuns: context.runs,
    ...(context.seed !== undefined && { seed: context.seed }),
  }
  const details = await fc.check(fc.asyncProperty(values, property), parameters)
  if (!details.failed) return
  const { counterexample, errorInstance, numRuns, seed } = details
  const isLabelled = errorInstance instanceof RowFailure
  const what = isLabelled ? errorInstance.message : nameOf(errorInstance)
  const program = counterexample === null ? 'none was run' : fc.stringify(counterexample[0])
  throw new RowFailure(
    isLabelled ? errorInstance.row : row,
    `${what}\n  in random program ${numRuns} with seed ${seed}, shrunk to: ${program}`,
  )
}
