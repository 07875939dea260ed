import {
  absent,
  type ContextStore,
  ContextStoreError,
  type Namespace,
  type Properties,
  present,
  type Session,
} from '@context-store/core'
import { createStore } from '@context-store/core/adapter'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { settled } from './gate.ts'
import { type Engine, engines, type Fate, Injected, ScheduledAdapter } from './scheduled-adapter.ts'

// A failure prints its seed and path: SCHEDULING_SEED=… SCHEDULING_PATH=… reruns only that case.
const { SCHEDULING_SEED: seed, SCHEDULING_PATH: path, SCHEDULING_RUNS: runs } = process.env

const sessions = ['one', 'two'] as const
type SessionId = (typeof sessions)[number]

const thrown = new Error('of change')

type StepFunction = (
  store: ContextStore,
  id: SessionId,
  value: number,
  onChange: () => void,
) => Promise<unknown>

/** What clients do. The first steps are on one session, the last ones on all. */
const steps = {
  write: (store, id, value) => sessionOf(store, id).patch({ x: value, nested: { a: value, b: 0 } }),
  claim: (store, id, value) => sessionOf(store, id).patchIf({ x: absent }, { x: value }),
  // In another order than stored: an engine that compares texts is called a second time.
  exchange: (store, id, value) => sessionOf(store, id).patchIf({ nested: { b: 0, a: value } }, { x: 9 }),
  count: (store, id, _value, onChange) =>
    sessionOf(store, id).update(['x'], ({ x = 0 }) => {
      onChange()
      return { x: Number(x) + 1 }
    }),
  throw: (store, id) =>
    sessionOf(store, id).update(['x'], () => {
      throw thrown
    }),
  remove: (store, id) => sessionOf(store, id).delete(['x']),
  clear: (store, id) => sessionOf(store, id).clear(),
  release: (store, id, value) => sessionOf(store, id).clearIf({ x: present, nested: { b: 0, a: value } }),
  get: (store, id) => sessionOf(store, id).get('x'),
  getAll: (store, id) => sessionOf(store, id).getAll(),
  list: (store) => listed(store),
  create: (store) => namespaceOf(store).create(),
  delete: (store) => namespaceOf(store).delete(),
  ready: (store) => store.ready(),
  close: (store) => store.close(),
} as const satisfies Record<string, StepFunction>

interface Step {
  readonly kind: keyof typeof steps
  readonly session: SessionId
  readonly value: number
  /** Whether its client waits for it before the next step. */
  readonly waits: boolean
}

/** A call that was made, and its outcome. */
interface Call extends Step {
  /** Its position in the order of the calls. */
  readonly at: number
  outcome: { readonly answer: unknown } | { readonly error: unknown } | 'pending'
  /** How many calls had been made when it was settled. */
  settledAt: number
  /** Whether it called `change` after it was settled. */
  changesLate: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    {
      weight: 12,
      arbitrary: fc.constantFrom(
        'write',
        'claim',
        'exchange',
        'count',
        'throw',
        'remove',
        'clear',
        'release',
      ),
    },
    { weight: 4, arbitrary: fc.constantFrom('get', 'getAll', 'list') },
    { weight: 2, arbitrary: fc.constantFrom('create', 'delete', 'ready', 'close') },
  ),
  session: fc.constantFrom(...sessions),
  value: fc.integer({ min: 1, max: 2 }),
  waits: fc.boolean(),
})

const programs = fc.record({
  engine: fc.constantFrom<Engine>(...engines),
  keepsOrder: fc.boolean(),
  timeoutMs: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.constant(1000)),
  /** The fates of the engine's calls, in order, repeated. */
  fates: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Fate>('resolve') },
      fc.constantFrom<Fate>('late', 'refuse', 'fail', 'throw'),
    ),
    { minLength: 1, maxLength: 12 },
  ),
  clients: fc.array(fc.array(step, { minLength: 1, maxLength: 7, size: 'max' }), {
    minLength: 1,
    maxLength: 4,
  }),
  /** How many events happen before the test waits for what follows from them. */
  burst: fc.integer({ min: 1, max: 3 }),
  /** The seed of the schedule. A scheduler as an arbitrary could not be reproduced from its path. */
  schedule: fc.noShrink(fc.nat()),
})
type Program = typeof programs extends fc.Arbitrary<infer P> ? P : never

afterEach(() => vi.unstubAllGlobals())

test('whenever the engine settles its calls, the calls on a session take effect in the order they were made', async () => {
  await fc.assert(fc.asyncProperty(programs, runScheduled), {
    numRuns: runs === undefined ? 1000 : Number(runs),
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(path !== undefined && { path, endOnFailure: true }),
  })
})

async function runScheduled(program: Program): Promise<void> {
  const [scheduler] = fc.sample(fc.scheduler(), { seed: program.schedule, numRuns: 1 })
  if (scheduler === undefined) throw new Error('no scheduler was made')
  try {
    await runProgram(program, scheduler)
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${fc.stringify(scheduler)}`, {
      cause: error,
    })
  }
}

async function runProgram(program: Program, scheduler: fc.Scheduler): Promise<void> {
  // A timer may fire at any time: before or after any pending call.
  const stopped = new Set<unknown>()
  vi.stubGlobal('setTimeout', (callback: () => void) => {
    const timer = {}
    void scheduler.schedule(Promise.resolve(), 'timer').then(() => stopped.has(timer) || callback())
    return timer
  })
  vi.stubGlobal('clearTimeout', (timer: unknown) => stopped.add(timer))

  const opened: ScheduledAdapter[] = []
  const store = createStore((rules) => {
    const adapter = new ScheduledAdapter(rules, scheduler, program)
    opened.push(adapter)
    return adapter
  })
  const [adapter] = opened
  if (adapter === undefined) throw new Error('no adapter was opened')

  const calls: Call[] = []
  const made: Promise<void>[] = []
  for (const client of program.clients) made.push(runClient(client, store, scheduler, calls))
  await runToEnd(scheduler, program.burst)
  const closed = make({ kind: 'close', session: 'one', value: 0, waits: true }, store, calls)
  await runToEnd(scheduler, program.burst)
  expect(calls.filter(({ outcome }) => outcome === 'pending')).toEqual([])
  await Promise.all([closed, ...made])

  checkClose(calls, adapter)
  // An engine that has started an update may finish it.
  if (program.engine !== 'updating') expect(calls.filter(({ changesLate }) => changesLate)).toEqual([])
  checkFailures(calls, program.timeoutMs)
  for (const session of sessions) {
    const address = { account: 'a', namespace: 'n', session, memo: undefined }
    const left = adapter.properties(address, undefined)
    const own = calls.filter((call) => call.session === session || isOfAll(call))
    if (!isExplained(own, session, left)) {
      const timeline = own.map(({ kind, value, outcome }) => fc.stringify({ kind, value, outcome }))
      throw new Error(`no effects in the order of the calls explain "${session}":\n${timeline.join('\n')}
and at the end ${JSON.stringify(left)}`)
    }
  }
}

async function runClient(
  client: readonly Step[],
  store: ContextStore,
  scheduler: fc.Scheduler,
  calls: Call[],
): Promise<void> {
  for (const next of client) {
    await scheduler.schedule(Promise.resolve(), `a client's ${next.kind}`)
    const call = make(next, store, calls)
    if (next.waits) await call
  }
}

async function make(next: Step, store: ContextStore, calls: Call[]): Promise<void> {
  const call: Call = { ...next, at: calls.length, outcome: 'pending', settledAt: 0, changesLate: false }
  calls.push(call)
  try {
    const answer = await steps[next.kind](store, next.session, next.value, () => {
      call.changesLate ||= call.outcome !== 'pending'
    })
    call.outcome = { answer }
  } catch (error) {
    call.outcome = { error }
  }
  call.settledAt = calls.length
}

/** Lets every event happen, in the scheduler's order, until none is left. */
async function runToEnd(scheduler: fc.Scheduler, burst: number): Promise<void> {
  await settled()
  for (let events = 1; scheduler.count() > 0; events++) {
    await scheduler.waitOne()
    if (events % burst === 0 || scheduler.count() === 0) await settled()
  }
}

/** `close()` waits for whole calls; the engine is closed last, and once; no later call reaches it. */
function checkClose(calls: readonly Call[], adapter: ScheduledAdapter): void {
  const first = calls.findIndex(({ kind }) => kind === 'close')
  const outcomes = calls.filter(({ kind }) => kind === 'close').map(({ outcome }) => outcome)
  // Every close has the outcome of the first, even if the engine fails to close.
  for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0])
  for (const { at, kind, outcome, settledAt } of calls) {
    if (kind === 'close') continue
    const isClosed =
      typeof outcome === 'object' && 'error' in outcome && ContextStoreError.is(outcome.error, 'closed')
    if (at > first) expect(isClosed).toBe(true)
    // A listing is several calls.
    else if (kind !== 'list') expect(isClosed).toBe(false)
    const closeSettledAt = calls[first]?.settledAt ?? 0
    if (at < first) expect(settledAt).toBeLessThanOrEqual(closeSettledAt)
  }
  expect(adapter.calls.filter((name) => name === 'close')).toEqual(['close'])
  expect(adapter.calls.at(-1)).toBe('close')
  expect(adapter.underWayAtClose).toBe(0)
}

/** Checks that each failure of the engine fails only one call, unless the calls share a transaction. */
function checkFailures(calls: readonly Call[], timeoutMs: number | undefined): void {
  const told = new Set<Injected>()
  for (const { kind, outcome } of calls) {
    if (typeof outcome !== 'object' || !('error' in outcome)) continue
    const { error } = outcome
    if (kind === 'close' || ContextStoreError.is(error, 'closed') || (kind === 'throw' && error === thrown))
      continue
    if (!ContextStoreError.is(error, 'unavailable')) throw error
    const cause = causeOf(error)
    // Without a cause, the call has timed out.
    if (cause === undefined && timeoutMs !== undefined) continue
    if (!(cause instanceof Injected) || cause.call === 'reclaim' || told.has(cause)) throw error
    if (cause.call !== 'begin' && cause.call !== 'commit') told.add(cause)
  }
}

function causeOf(error: unknown): unknown {
  return ContextStoreError.is(error) ? causeOf(error.cause) : error
}

/** Whether effects in the order of the calls explain every answer; calls of unknown outcome may have had their effect or not. */
function isExplained(calls: readonly Call[], session: SessionId, left: Properties): boolean {
  const tried = new Set<string>()
  const explains = (index: number, state: Properties, lists: readonly Call[]): boolean => {
    // A listing sees a session as it was at some time between the call and its answer.
    const unseen = lists.filter(({ outcome }) => !isRight(outcome, state, session))
    const call = calls[index]
    if (unseen.some(({ settledAt }) => call === undefined || call.at >= settledAt)) return false
    if (call === undefined) return textOf(state) === textOf(left)
    const key = `${index} ${textOf(state)} ${unseen.map(({ at }) => at)}`
    if (tried.has(key)) return false
    tried.add(key)
    if (call.kind === 'list') return explains(index + 1, state, isAnswered(call) ? [...unseen, call] : unseen)
    return nextStates(call, state).some((next) => explains(index + 1, next, unseen))
  }
  return explains(0, {}, [])
}

function isRight(outcome: Call['outcome'], state: Properties, session: SessionId): boolean {
  const items = (outcome as { readonly answer: Readonly<Record<string, object>> }).answer
  return textOf(items[session] ?? {}) === textOf(state)
}

/** The possible states of a session after a call; none if its answer is wrong. */
function nextStates(call: Call, state: Properties): readonly Properties[] {
  const { state: next, answer } = effectOf(call, state)
  const { outcome } = call
  if (typeof outcome !== 'object') throw new Error('the call has not been settled')
  if ('answer' in outcome) return textOf(outcome.answer) === textOf(answer) ? [next] : []
  return ContextStoreError.is(outcome.error) && outcome.error.outcome === 'unknown' ? [state, next] : [state]
}

/** The effect of a call on a session, and its answer. */
function effectOf({ kind, value }: Step, state: Properties): { state: Properties; answer: unknown } {
  const { x, ...rest } = state
  const isStored = textOf(state.nested) === textOf({ a: value, b: 0 })
  const nested = state.nested !== undefined && { nested: state.nested }
  switch (kind) {
    case 'write':
      return { state: { x: value, nested: { a: value, b: 0 } }, answer: undefined }
    case 'claim':
      if (x === undefined) return { state: { ...state, x: value }, answer: { ok: true } }
      return { state, answer: { ok: false, current: { x } } }
    case 'exchange':
      if (isStored) return { state: { ...state, x: 9 }, answer: { ok: true } }
      return { state, answer: { ok: false, current: { ...nested } } }
    case 'release':
      if (isStored && x !== undefined) return { state: {}, answer: { ok: true } }
      return { state, answer: { ok: false, current: { ...(x !== undefined && { x }), ...nested } } }
    case 'count': {
      const counted = { x: Number(x ?? 0) + 1 }
      return { state: { ...state, ...counted }, answer: counted }
    }
    case 'remove':
      return { state: rest as Properties, answer: undefined }
    case 'clear':
    case 'delete':
      return { state: {}, answer: undefined }
    case 'get':
      return { state, answer: x }
    case 'getAll':
      return { state, answer: state }
    default:
      return { state, answer: undefined }
  }
}

function isAnswered({ outcome }: Call): boolean {
  return typeof outcome === 'object' && 'answer' in outcome
}

/** Whether the call may affect or read every session. */
function isOfAll({ kind }: Step): boolean {
  return ['list', 'create', 'delete', 'ready', 'close'].includes(kind)
}

function namespaceOf(store: ContextStore): Namespace {
  return store.account('a').namespace('n')
}

function sessionOf(store: ContextStore, id: SessionId): Session {
  return namespaceOf(store).session(id)
}

/** Every session of a namespace with its properties, read in several slices. */
async function listed(store: ContextStore): Promise<Readonly<Record<string, object>>> {
  const found: Record<string, object> = {}
  for await (const { id, properties } of namespaceOf(store).sessions({ properties: true })) {
    found[id] = properties
  }
  return found
}

/** The same text for the same value, whatever the order of its members. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([name, inner]) => `${name}:${textOf(inner)}`)
  return `{${members.sort()}}`
}
