import {
  type Fault,
  faultyAdapter,
  type HistoryEntry,
  isLinearizable,
  type SequentialModel,
} from '@context-store/conformance'
import { absent, type ContextStore, ContextStoreError, type Properties, present } from '@context-store/core'
import {
  type CheckedAddress,
  createStore,
  type PatchRequest,
  type StoreRules,
} from '@context-store/core/adapter'
import fc from 'fast-check'
import { PlainAdapter } from './plain-adapter.ts'
import { TransactionalAdapter, type TransactionFault } from './transactional-adapter.ts'

const sessions = ['one', 'two', 'three'] as const
const kinds = ['write', 'claim', 'release', 'count', 'throw', 'delete', 'clear', 'get', 'getAll'] as const
const namespaceKinds = ['delete namespace', 'create namespace', 'list'] as const

/** A call on one session, or on the namespace with all of them. */
export interface Call {
  readonly kind: (typeof kinds)[number] | (typeof namespaceKinds)[number]
  readonly session: (typeof sessions)[number]
  readonly value: number
  /** Whether the program waits for all its calls before the next one. */
  readonly waits: boolean
}

/** A program on a faulty engine. */
export interface Program {
  readonly engine: keyof typeof engines
  readonly faults: readonly Fault[]
  readonly seed: number
  readonly calls: readonly Call[]
}

/** An engine with `update` in one step, and `reclaim`. */
class UpdatingAdapter extends PlainAdapter {
  update(
    address: CheckedAddress,
    names: readonly string[],
    change: (current: Properties) => PatchRequest | undefined,
  ): void {
    const request = change(this.readProperties(address, names))
    if (request !== undefined) this.patch(address, request)
  }

  reclaim(): boolean {
    return true
  }
}

const transactionFaults: readonly TransactionFault[] = ['begin', 'commit', 'committed']

const engines = {
  plain: (rules: StoreRules) => new PlainAdapter(rules),
  updating: (rules: StoreRules) => new UpdatingAdapter(rules),
  transactional: (rules: StoreRules, seed: number) => {
    let count = seed >>> 0
    // Three of seven transactions fail, each in a different way.
    return new TransactionalAdapter(rules, () => transactionFaults[count++ % 7])
  },
}

/** The outcome of a call. */
type Outcome = { readonly answer: unknown } | 'not-applied' | 'unknown' | 'pending'

const thrown = new Error('of change')

/** Programs of a few clients' calls, most of them not awaited. */
export const faultyPrograms: fc.Arbitrary<Program> = fc.record({
  engine: fc.constantFrom('plain', 'updating', 'transactional'),
  faults: fc.subarray<Fault>(['refuse', 'fail', 'delay', 'throw'], { minLength: 1 }),
  seed: fc.integer(),
  calls: fc.array(
    fc.record({
      kind: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...kinds) },
        { weight: 1, arbitrary: fc.constantFrom(...namespaceKinds) },
      ),
      session: fc.constantFrom(...sessions),
      value: fc.integer({ min: 0, max: 2 }),
      waits: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
    { minLength: 1, maxLength: 24, size: 'max' },
  ),
})

/** Runs a program; throws if core loses a write, an answer or the order, or reports a false outcome. */
export async function runFaultyProgram({ engine, faults, seed, calls }: Program): Promise<void> {
  let plain: PlainAdapter | undefined
  const store = createStore((rules) => {
    plain = engines[engine](rules, seed)
    return faultyAdapter(plain, { seed, faults })
  })
  const outcomes: Outcome[] = calls.map(() => 'pending')
  const made: Promise<void>[] = []
  for (const [index, call] of calls.entries()) {
    const settled = outcomeOf(call, () => make(store, call)).then((outcome) => {
      outcomes[index] = outcome
    })
    made.push(settled)
    if (call.waits) await settles(Promise.all(made), 'the calls of a program')
  }
  await settles(store.close(), 'close()')
  if (outcomes.includes('pending')) throw new Error('close() did not wait for a call')
  await Promise.all(made)
  for (const session of sessions) {
    const address = { account: 'a', namespace: 'n', session, memo: undefined }
    const left = plain?.readProperties(address, undefined)
    const history = historyOf(calls, outcomes, session, left)
    if (!isLinearizable(history, model)) {
      throw new Error(`no order explains session "${session}": ${history.map(inWords).join('; ')}`)
    }
  }
}

function make(store: ContextStore, { kind, session: id, value }: Call): Promise<unknown> {
  const namespace = store.account('a').namespace('n')
  const session = namespace.session(id)
  switch (kind) {
    case 'write':
      return session.patch({ x: value, [`y${value}`]: value })
    case 'claim':
      return session.patchIf({ x: absent }, { x: value })
    case 'release':
      return session.clearIf({ x: present, [`y${value}`]: value })
    case 'count':
      return session.update(['x'], ({ x = 0 }) => ({ x: Number(x) + 1 }))
    case 'throw':
      return session.update(['x'], () => {
        throw thrown
      })
    case 'delete':
      return session.delete(['x'])
    case 'clear':
      return session.clear()
    case 'get':
      return session.get('x')
    case 'getAll':
      return session.getAll()
    case 'delete namespace':
      return namespace.delete()
    case 'create namespace':
      return namespace.create()
    case 'list':
      return namespace.listSessions({ properties: true })
  }
}

/** Waits for a call; throws if its error is not a store's, or has an impossible outcome. */
async function outcomeOf({ kind }: Call, call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { answer: await call() }
  } catch (error) {
    if (kind === 'throw' && error === thrown) return 'not-applied'
    if (!ContextStoreError.is(error, 'unavailable')) throw error
    if (error.address?.account !== 'a')
      throw new Error('an error does not say where it happened', { cause: error })
    return error.outcome
  }
}

/** More ticks of the event loop than the calls of any program take, including all delays. */
const mostTurns = 50_000

/** Waits for a promise; throws if it never settles. */
async function settles<T>(promise: Promise<T>, what: string): Promise<T> {
  let isSettled = false
  const settle = (): void => {
    isSettled = true
  }
  promise.then(settle, settle)
  for (let turn = 0; turn < mostTurns && !isSettled; turn++) await new Promise(setImmediate)
  if (!isSettled) throw new Error(`${what}: never settled`)
  return promise
}

/** The part of a program that affects one session, as one client's calls in order, with the session's final state. */
function historyOf(
  calls: readonly Call[],
  outcomes: readonly Outcome[],
  session: string,
  left: Properties | undefined,
): HistoryEntry<Call, unknown>[] {
  const history: HistoryEntry<Call, unknown>[] = []
  for (const [index, call] of calls.entries()) {
    const outcome = outcomes[index]
    const isOfNamespace = namespaceKinds.some((kind) => kind === call.kind)
    if ((!isOfNamespace && call.session !== session) || call.kind === 'list') continue
    if (outcome === 'unknown') history.push({ call, calledAt: 2 * index })
    if (typeof outcome !== 'object') continue
    history.push({ call, answer: outcome.answer, calledAt: 2 * index, answeredAt: 2 * index + 1 })
  }
  const read = { kind: 'getAll', session: 'one', value: 0, waits: false } as const
  const end = 2 * calls.length
  return [...history, { call: read, answer: left, calledAt: end, answeredAt: end + 1 }]
}

/** The effect of a call on a session, and its result. */
const model: SequentialModel<Properties, Call, unknown> = {
  initial: {},
  step: (state, { kind, value }) => {
    const { x, ...rest } = state
    switch (kind) {
      case 'write':
        return { state: { ...state, x: value, [`y${value}`]: value }, answer: undefined }
      case 'claim':
        if (x === undefined) return { state: { ...state, x: value }, answer: { ok: true } }
        return { state, answer: { ok: false, current: { x } } }
      case 'release': {
        const y = `y${value}`
        if (x !== undefined && y in state) return { state: {}, answer: { ok: true } }
        const current = { ...(x !== undefined && { x }), ...(y in state && { [y]: value }) }
        return { state, answer: { ok: false, current } }
      }
      case 'count': {
        const counted = { x: Number(x ?? 0) + 1 }
        return { state: { ...state, ...counted }, answer: counted }
      }
      case 'delete':
        return { state: rest, answer: undefined }
      case 'clear':
      case 'delete namespace':
        return { state: {}, answer: undefined }
      case 'get':
        return { state, answer: x }
      case 'getAll':
        return { state, answer: state }
      default:
        return { state, answer: undefined }
    }
  },
  accepts: (given, expected) => textOf(given) === textOf(expected),
  keyOf: textOf,
}

/** The same text for the same value, whatever the order of its members. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return JSON.stringify(
    Object.entries(value)
      .map(([name, inner]) => [name, textOf(inner)])
      .sort(),
  )
}

function inWords({ call, answer, answeredAt }: HistoryEntry<Call, unknown>): string {
  const gave = answeredAt === undefined ? 'has an unknown outcome' : `gave ${JSON.stringify(answer)}`
  return `${call.kind} ${call.value} ${gave}`
}
