import type { JsonValue } from '@context-store/core'
import type { HistoryEntry, LooseModel, ModelStep } from '../history-checker.ts'
import { counted, isRead, type SessionCall, type StatedProperties, textOf } from './session-call.ts'

/** Properties by name, each as the text of its value. */
type Texts = { readonly [name: string]: string }

/** The range of time in which a session expires, in microseconds. */
interface Expiry {
  readonly earliest: number
  readonly latest: number
}

/** The state of one session, and of its namespace as far as it matters to the session. */
export interface SessionState {
  readonly properties: Texts
  /** Whether the session exists; an empty one may. */
  readonly exists: boolean
  /** The time to live that a patch has stated. */
  readonly ownTtl: number | undefined
  /** The time to live in force; 0: it never expires. */
  readonly ttl: number
  readonly expiry: Expiry | undefined
  /** The time to live of the namespace. */
  readonly namespaceTtl: number
}

type Entry = HistoryEntry<SessionCall, string>
type Step = ModelStep<SessionState, string | undefined>

/**
 * How far an expiry can be off, by the clock that times the calls, in microseconds: engines count whole milliseconds, and
 * read their clock some time before or after the instant of the effect.
 */
const tolerance = 50_000

const accepted = textOf({ ok: true })

const nothing: SessionState = {
  properties: {},
  exists: false,
  ownTtl: undefined,
  ttl: 0,
  expiry: undefined,
  namespaceTtl: 0,
}

/**
 * The table "Meaning" of docs/design.md for one session; the instants of its history in microseconds.
 *
 * A patch takes effect somewhere between call and answer, and so does a later call: if the session may or may not have
 * expired in between, either is right.
 */
export const sessionModel: LooseModel<SessionState, SessionCall, string | undefined> = {
  initial: nothing,
  steps: (state, entry) => livesOf(state, entry as Entry).map((life) => stepOf(life, entry as Entry)),
  changesNothing: ({ call, answer }) => isRead(call) || (isConditional(call) && answer !== accepted),
  accepts: (given, expected) => given === expected,
  keyOf: keyOfState,
}

function isConditional({ does }: SessionCall): boolean {
  return does === 'patchIf' || does === 'clearIf'
}

const keys = new WeakMap<SessionState, string>()

function keyOfState(state: SessionState): string {
  const known = keys.get(state)
  if (known !== undefined) return known
  const { properties, exists, ownTtl, ttl, expiry, namespaceTtl } = state
  const sorted = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1))
  const key = JSON.stringify([sorted, exists, ownTtl, ttl, expiry?.earliest, expiry?.latest, namespaceTtl])
  keys.set(state, key)
  return key
}

/** The possible states of the session when a call takes effect: alive, expired, or both. */
function livesOf(state: SessionState, { calledAt, answeredAt }: Entry): readonly SessionState[] {
  const { expiry } = state
  if (expiry === undefined) return [state]
  const until = answeredAt ?? Number.POSITIVE_INFINITY
  const lives: SessionState[] = []
  if (calledAt < expiry.latest) {
    const isBounded = expiry.latest < Number.POSITIVE_INFINITY || until === Number.POSITIVE_INFINITY
    // If this call sees a patch without an answer, that patch took effect before this call's end.
    const latest = until + state.ttl * 1_000_000 + tolerance
    lives.push(isBounded ? state : { ...state, expiry: { ...expiry, latest } })
  }
  if (until >= expiry.earliest) lives.push(ended(state))
  return lives
}

function stepOf(state: SessionState, entry: Entry): Step {
  const { call } = entry
  switch (call.does) {
    case 'patch':
    case 'patchIf': {
      const refused = refusal(state, call.expected ?? {})
      if (refused !== undefined) return { state, answer: refused }
      const answer = call.does === 'patchIf' ? accepted : undefined
      return { state: patched(state, call.changes, call.ttlSeconds, entry), answer }
    }
    case 'clear':
    case 'clearIf': {
      const refused = refusal(state, call.expected ?? {})
      if (refused !== undefined) return { state, answer: refused }
      return { state: ended(state), answer: call.does === 'clearIf' ? accepted : undefined }
    }
    case 'update': {
      const changed = counted(call.count, valuesOf(pick(state.properties, call.names)))
      if (changed === undefined) return { state, answer: answerOf(pick(state.properties, call.names)) }
      const changes = Object.fromEntries(Object.entries(changed).map(([name, is]) => [name, { is }]))
      const next = patched(state, changes, call.ttlSeconds, entry)
      return { state: next, answer: answerOf(pick(next.properties, call.names)) }
    }
    case 'delete': {
      const left = Object.entries(state.properties).filter(([name]) => !call.names.includes(name))
      if (left.length === Object.keys(state.properties).length) return { state, answer: undefined }
      const properties = Object.fromEntries(left)
      return { state: left.length === 0 ? ended(state) : { ...state, properties }, answer: undefined }
    }
    case 'get':
      return { state, answer: state.properties[call.names[0] ?? ''] }
    case 'getMany':
      return { state, answer: answerOf(pick(state.properties, call.names)) }
    case 'getAll':
      return { state, answer: answerOf(state.properties) }
    case 'info':
      return { state, answer: state.exists ? textOf({ ttlSeconds: state.ttl }) : undefined }
    case 'deleteNamespace':
      return { state: state.exists || state.namespaceTtl > 0 ? nothing : state, answer: undefined }
    case 'createNamespace': {
      const namespaceTtl = call.ttlSeconds ?? state.namespaceTtl
      return {
        state: namespaceTtl === state.namespaceTtl ? state : { ...state, namespaceTtl },
        answer: undefined,
      }
    }
  }
}

function ended(state: SessionState): SessionState {
  return state.exists ? { ...nothing, namespaceTtl: state.namespaceTtl } : state
}

function patched(
  before: SessionState,
  changes: StatedProperties,
  stated: number | undefined,
  { calledAt, answeredAt }: Entry,
): SessionState {
  const properties: { [name: string]: string } = { ...before.properties }
  for (const [name, change] of Object.entries(changes)) {
    if (typeof change === 'string') delete properties[name]
    else properties[name] = textOf(change.is) ?? ''
  }
  const { namespaceTtl } = before
  const ownTtl = stated ?? before.ownTtl
  const wasEmpty = before.exists && Object.keys(before.properties).length === 0
  const mayBeEmpty = stated === undefined ? wasEmpty && ownTtl !== undefined && ownTtl > 0 : stated > 0
  if (Object.keys(properties).length === 0 && !mayBeEmpty) return ended(before)
  const ttl = ownTtl ?? namespaceTtl
  const latest = (answeredAt ?? Number.POSITIVE_INFINITY) + ttl * 1_000_000 + tolerance
  const expiry = ttl === 0 ? undefined : { earliest: calledAt + ttl * 1_000_000 - tolerance, latest }
  return { properties, exists: true, ownTtl, ttl, expiry, namespaceTtl }
}

/** The answer of a write whose condition does not hold; `undefined`: it holds. */
function refusal({ properties }: SessionState, expected: StatedProperties): string | undefined {
  const holds = Object.entries(expected).every(([name, stated]) => {
    const there = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (typeof stated === 'string') return (there !== undefined) === (stated === 'present')
    return there === textOf(stated.is)
  })
  if (holds) return undefined
  return textOf({ ok: false, current: valuesOf(pick(properties, Object.keys(expected))) })
}

function pick(properties: Texts, names: readonly string[]): Texts {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => names.includes(name)))
}

function valuesOf(properties: Texts): { [name: string]: JsonValue } {
  return Object.fromEntries(
    Object.entries(properties).map(([name, text]): [string, JsonValue] => [name, JSON.parse(text)]),
  )
}

function answerOf(properties: Texts): string | undefined {
  return textOf(valuesOf(properties))
}
