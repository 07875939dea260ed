import { checkCalls, type HistoryFigures } from './check-calls.ts'
import { type HistoryOptions, newSeed, type RecordedCall, recordCalls } from './record-calls.ts'

/**
 * Lets processes and threads make random calls on the same few sessions in one storage, and checks that the calls on
 * each session have an order that explains every answer: see {@link checkCalls}.
 *
 * The clients use every method of a session, on both sides if there are two, with times to live on the real clock, some
 * awaited and some not, through old and new handles; they also create and delete the namespace. What the store declares
 * in `cannot` is left out.
 *
 * @returns the figures of the history
 * @throws Error with the seed and a timeline of the calls that no order explains; or if a call failed with any code but
 *   `conflict`, and neither `kills` nor `during` is used
 * @example
 * ```ts
 * await checkHistories({ open: new URL('./open-store.js', import.meta.url), data: { path } })
 * ```
 */
export async function checkHistories(options: HistoryOptions): Promise<HistoryFigures> {
  const { seed = newSeed(), during, kills = 0 } = options
  const calls = await recordCalls({ ...options, seed })
  const failed = calls.find(isFailure)
  if (failed?.error !== undefined && during === undefined && kills === 0) {
    const { code, message } = failed.error
    throw new Error(`${failed.call.does} failed with code '${code}' (seed ${seed}): ${message}`)
  }
  try {
    return checkCalls(calls)
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n  (seed ${seed})`, { cause: error })
  }
}

function isFailure({ error }: RecordedCall): boolean {
  return error !== undefined && error.code !== 'conflict'
}
