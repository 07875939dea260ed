import { checkCalls, type HistoryFigures } from './check-calls.ts'
import { type HistoryOptions, newSeed, type RecordedCall, recordCalls } from './record-calls.ts'

/**
 * Lets processes and threads make random calls on the same few sessions of one store, and checks that the calls on
 * each session have an order that explains every answer: see {@link checkCalls}.
 *
 * The calls are all that a session has, on conditions and without, on both sides if there are two, with times to live on the
 * real clock, awaited and not, through handles that are kept and new ones, and creating and deleting its
 * namespace. What the store says that it cannot do is left out.
 *
 * @returns what was made
 * @throws Error with a timeline of the calls that no order explains, and the seed; or if a call failed without need: only
 *   `conflict` is an answer when nothing is killed or disturbed
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
