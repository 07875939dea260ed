import { contradictionIn } from '../history-checker.ts'
import type { RecordedCall } from './record-calls.ts'
import { isRead, textOf } from './session-call.ts'
import type { SessionEntry } from './session-entry.ts'
import { sessionModel } from './session-model.ts'
import { timelineOf } from './timeline.ts'

/** The figures of a checked history. */
export interface HistoryFigures {
  /** How many calls were made. */
  readonly calls: number
  /** How many of them were answered. */
  readonly answered: number
  /** How many failed with `outcome: 'not-applied'`. */
  readonly notApplied: number
  /** How many may or may not have taken effect: their process was killed, or their answer was lost. */
  readonly unknown: number
  /** How many sessions they used. */
  readonly sessions: number
}

/**
 * Checks that the calls on each session have an order in which each takes effect at one instant between its call and its
 * answer, the calls of one store in the order they were made, and all answers are right.
 *
 * A call that failed with `outcome: 'unknown'`, or whose process was killed, takes effect at some instant after it was
 * made, or never; one with `'not-applied'` never does. Creating or deleting a namespace counts as a call on each of its
 * sessions, since stores promise one instant per session, not one for all.
 *
 * @throws Error with a timeline of the calls that no order explains
 */
export function checkCalls(calls: readonly RecordedCall[]): HistoryFigures {
  const histories = historiesOf(calls)
  for (const history of histories.values()) {
    const failure = failureOf(history)
    if (failure !== undefined) throw new Error(failure)
  }
  const count = (outcome: RecordedCall['outcome']): number =>
    calls.filter((call) => call.outcome === outcome).length
  return {
    calls: calls.length,
    answered: count('answered'),
    notApplied: count('not-applied'),
    unknown: count('unknown'),
    sessions: histories.size,
  }
}

/** The history of each session, with the calls on its namespace. */
function historiesOf(calls: readonly RecordedCall[]): Map<string, SessionEntry[]> {
  const histories = new Map<string, SessionEntry[]>()
  const ofNamespace = new Map<string, SessionEntry[][]>()
  for (const { namespace, session } of calls) {
    const key = JSON.stringify([namespace, session])
    if (histories.has(key)) continue
    const history: SessionEntry[] = []
    histories.set(key, history)
    ofNamespace.set(namespace, [...(ofNamespace.get(namespace) ?? []), history])
  }
  for (const recorded of calls) {
    const { call, namespace, session } = recorded
    if (recorded.outcome === 'not-applied' || (recorded.outcome === 'unknown' && isRead(call))) continue
    const entry = entryOf(recorded)
    const isOfNamespace = call.does === 'createNamespace' || call.does === 'deleteNamespace'
    if (!isOfNamespace) histories.get(JSON.stringify([namespace, session]))?.push(entry)
    else for (const history of ofNamespace.get(namespace) ?? []) history.push(entry)
  }
  return histories
}

function entryOf(recorded: RecordedCall): SessionEntry {
  const { call, store, calledAt, endedAt, outcome, answer } = recorded
  const entry = { call, store, calledAt, recorded }
  if (outcome === 'unknown') return { ...entry, givenUpAt: endedAt }
  return { ...entry, answer: textOf(answer), answeredAt: endedAt }
}

/** Returns a timeline if no order explains a session's history; `undefined`: one does. */
function failureOf(history: readonly SessionEntry[]): string | undefined {
  const found = contradictionIn(history, sessionModel)
  return found && timelineOf(history, found)
}
