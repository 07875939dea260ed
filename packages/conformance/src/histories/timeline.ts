import { type Contradiction, contradictionIn } from '../history-checker.ts'
import { isRead, type SessionCall, type Stated, type StatedProperties } from './session-call.ts'
import type { SessionEntry } from './session-entry.ts'
import { type SessionState, sessionModel } from './session-model.ts'

/** The maximum number of calls by which a timeline starts earlier than necessary. */
const mostCalls = 24

/** The maximum number of states that a timeline lists. */
const mostStates = 4

/** The maximum width of the bars, in characters. */
const widest = 40

/**
 * Draws the calls that lead to an answer that no order explains.
 *
 * Nothing relevant is left out: the possible states before the first line sum up everything earlier, and after it only
 * reads are left out, and only those whose removal does not resolve the contradiction.
 */
export function timelineOf(
  history: readonly SessionEntry[],
  found: Contradiction<SessionState, SessionCall, string | undefined>,
): string {
  const wrong = found.entry as SessionEntry
  const end = wrong.answeredAt ?? Number.POSITIVE_INFINITY
  const start = startOf(history, wrong, found)
  const isShown = ({ answeredAt = end }: SessionEntry): boolean => answeredAt >= start
  let kept = history.filter(({ calledAt }) => calledAt <= end)
  let contradiction = found
  for (const entry of kept.filter((one) => one !== wrong && isShown(one) && isRead(one.call))) {
    const without = kept.filter((one) => one !== entry)
    const remaining = contradictionIn(without, sessionModel)
    if (remaining?.entry !== wrong) continue
    kept = without
    contradiction = remaining
  }
  const { namespace, session } = wrong.recorded
  return [
    `no order of the calls on session ${session} of namespace ${namespace} explains the answer marked with ×`,
    `before these calls the session is ${statesInWords(contradiction.statesAt(start))}`,
    ...linesOf(kept.filter(isShown), wrong),
    `when the call marked with × takes effect, the session is ${statesInWords(contradiction.states)}`,
  ].join('\n  ')
}

/**
 * When the timeline starts: before every call that overlaps the wrong one. If the session can have had several states
 * then, it starts earlier, at an instant with only one possible state, if there is one nearby.
 */
function startOf(
  history: readonly SessionEntry[],
  { calledAt: wrongAt, answeredAt: end = wrongAt }: SessionEntry,
  found: Contradiction<SessionState, SessionCall, string | undefined>,
): number {
  const starts = history
    .filter(({ calledAt, answeredAt = 0 }) => calledAt <= end && answeredAt >= wrongAt)
    .map(({ calledAt }) => calledAt)
  const latest = Math.min(...starts)
  const earlier = history.map(({ calledAt }) => calledAt).filter((at) => at <= latest)
  const near = earlier.reverse().slice(0, mostCalls)
  return near.find((at) => found.statesAt(at).length === 1) ?? latest
}

function linesOf(shown: readonly SessionEntry[], wrong: SessionEntry): string[] {
  const instants = [
    ...new Set(shown.flatMap(({ calledAt, answeredAt = calledAt }) => [calledAt, answeredAt])),
  ]
  instants.sort((a, b) => a - b)
  const scale = Math.min(1, widest / instants.length)
  const column = (instant: number): number => Math.floor(instants.indexOf(instant) * scale)
  const width = column(instants.at(-1) ?? 0) + 1
  return shown.map((entry) => {
    const { calledAt, answeredAt, recorded } = entry
    const from = column(calledAt)
    const to = answeredAt === undefined ? width - 1 : column(answeredAt)
    const bar = `${' '.repeat(from)}├${'─'.repeat(Math.max(0, to - from - 1))}${answeredAt === undefined ? '…' : '┤'}`
    const mark = entry === wrong ? '×' : ' '
    const at = `${((calledAt - (instants[0] ?? 0)) / 1000).toFixed(3)} ms`.padStart(12)
    const who = `${recorded.store}${recorded.isSync ? ' sync' : ''}`.padEnd(9)
    return `${mark} ${at} ${bar.padEnd(width + 1)} ${who} ${callInWords(entry.call)} ${resultInWords(entry)}`
  })
}

function resultInWords({ call, answeredAt, givenUpAt, recorded }: SessionEntry): string {
  if (answeredAt === undefined) return givenUpAt === undefined ? '→ killed' : '→ outcome unknown'
  if (recorded.answer !== undefined) return `→ ${JSON.stringify(recorded.answer)}`
  return isRead(call) ? '→ undefined' : '→ done'
}

function statesInWords(states: readonly SessionState[]): string {
  const words = states.slice(0, mostStates).map(stateInWords)
  if (states.length > mostStates) words.push(`one of ${states.length - mostStates} more`)
  return words.join(', or ')
}

function stateInWords({ properties, exists, ttl, namespaceTtl }: SessionState): string {
  const inner = Object.entries(properties).map(([name, text]) => `${name}: ${text}`)
  const words = exists ? `{ ${inner.join(', ')} }` : 'not there'
  const expires = ttl > 0 ? `, expiring ${ttl} s after its last patch` : ''
  return `${words}${expires}${namespaceTtl > 0 ? ` (namespace: ${namespaceTtl} s)` : ''}`
}

function callInWords(call: SessionCall): string {
  switch (call.does) {
    case 'patch':
      return `patch(${statedInWords(call.changes)}${ttlInWords(call.ttlSeconds)})`
    case 'patchIf':
      return `patchIf(${statedInWords(call.expected ?? {})}, ${statedInWords(call.changes)}${ttlInWords(call.ttlSeconds)})`
    case 'update':
      return `update(${call.names.join(', ')}: ${call.count} + 1${ttlInWords(call.ttlSeconds)})`
    case 'clearIf':
      return `clearIf(${statedInWords(call.expected ?? {})})`
    case 'delete':
    case 'get':
    case 'getMany':
      return `${call.does}(${call.names.join(', ')})`
    case 'createNamespace':
      return `createNamespace(${call.ttlSeconds ?? ''} s)`
    default:
      return `${call.does}()`
  }
}

function statedInWords(stated: StatedProperties): string {
  const inner = Object.entries(stated).map(([name, value]) => `${name}: ${valueInWords(value)}`)
  return `{ ${inner.join(', ')} }`
}

function valueInWords(stated: Stated): string {
  return typeof stated === 'string' ? stated : JSON.stringify(stated.is)
}

function ttlInWords(ttlSeconds: number | undefined): string {
  return ttlSeconds === undefined ? '' : `, ${ttlSeconds} s`
}
