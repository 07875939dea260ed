import type { HistoryEntry } from '../history-checker.ts'
import type { RecordedCall } from './record-calls.ts'
import type { SessionCall } from './session-call.ts'

/** A call of one session's history, with its record. */
export interface SessionEntry extends HistoryEntry<SessionCall, string | undefined> {
  readonly recorded: RecordedCall
}
