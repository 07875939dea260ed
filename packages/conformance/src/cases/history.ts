import {
  absent,
  type ContextStore,
  type Expected,
  type Patch,
  type PatchIfResult,
  type Properties,
  present,
  type Session,
} from '@context-store/core'
import fc from 'fast-check'
import { holds } from '../check.ts'
import type { CaseContext, ConformanceCase } from '../conformance-case.ts'
import { difference, show } from '../difference.ts'
import { type HistoryEntry, isLinearizable, type SequentialModel } from '../history-checker.ts'
import { checkRuns } from '../random-runs.ts'

const row = 'order of effects'
const names = ['x', 'x', 'y']
const named = { minKeys: 1, noNullPrototype: true }

type Call =
  | { readonly kind: 'patch'; readonly patch: Patch }
  | { readonly kind: 'patchIf'; readonly expected: Expected; readonly patch: Patch }
  | { readonly kind: 'clearIf'; readonly expected: Expected }
  | { readonly kind: 'increment' }
  | { readonly kind: 'delete' | 'get'; readonly name: string }
  | { readonly kind: 'getAll' | 'clear' }

/** One session as one client sees it: what a history of several is compared with. */
const session: SequentialModel<Properties, Call, unknown> = {
  initial: {},
  step: (state, call) => {
    switch (call.kind) {
      case 'patch':
        return { state: merged(state, call.patch), answer: undefined }
      case 'patchIf': {
        const answer = resultOf(state, call.expected)
        return { state: answer.ok ? merged(state, call.patch) : state, answer }
      }
      case 'clearIf': {
        const answer = resultOf(state, call.expected)
        return { state: answer.ok ? {} : state, answer }
      }
      case 'increment': {
        const x = Number(state.x ?? 0) + 1
        return { state: { ...state, x }, answer: { x } }
      }
      case 'delete':
        return { state: merged(state, { [call.name]: absent }), answer: undefined }
      case 'clear':
        return { state: {}, answer: undefined }
      case 'get':
        return { state, answer: state[call.name] }
      case 'getAll':
        return { state, answer: state }
    }
  },
  accepts: (given, expected) => difference(given, expected) === undefined,
  keyOf: (state) => JSON.stringify(Object.entries(state).sort()),
}

function resultOf(state: Properties, expected: Expected): PatchIfResult {
  const holds = Object.entries(expected).every(([name, value]) => {
    if (typeof value === 'symbol') return Object.hasOwn(state, name) === (value === present)
    return state[name] === value
  })
  if (holds) return { ok: true }
  const current = Object.entries(state).filter(([name]) => Object.hasOwn(expected, name))
  return { ok: false, current: Object.fromEntries(current) }
}

function merged(state: Properties, patch: Patch): Properties {
  const next = { ...state }
  for (const [name, value] of Object.entries(patch)) {
    if (value === absent) delete next[name]
    else if (value !== undefined) next[name] = value
  }
  return next
}

/** A random call; few values, so that conditions hold now and then, also for several clients at a time. */
function anyCall({ can }: CaseContext): fc.Arbitrary<Call> {
  const name = fc.constantFrom(...names)
  const value = fc.integer({ min: 0, max: 2 })
  const removed = fc.constant(absent)
  const patch = fc.dictionary(name, can('removals') ? fc.oneof(value, removed) : value, named)
  const expected = fc.dictionary(name, fc.oneof(value, removed, fc.constant(present)), named)
  const calls: fc.WeightedArbitrary<Call>[] = [
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('patch'), patch }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('delete', 'get'), name }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('getAll', 'getAll', 'clear') }) },
  ]
  if (can('conditions')) {
    calls.push({ weight: 5, arbitrary: fc.record({ kind: fc.constant('patchIf'), expected, patch }) })
    calls.push({ weight: 1, arbitrary: fc.record({ kind: fc.constant('clearIf'), expected }) })
    calls.push({ weight: 2, arbitrary: fc.constant<Call>({ kind: 'increment' }) })
  }
  return fc.oneof(...calls)
}

/** Lets each client make its calls one behind the other, all clients at the same time, and writes down what happens. */
async function historyOf(
  store: ContextStore,
  clients: readonly (readonly Call[])[],
): Promise<HistoryEntry<Call, unknown>[]> {
  const history: HistoryEntry<Call, unknown>[] = []
  let instant = 0
  await Promise.all(
    clients.map(async (calls) => {
      const handle = store.session({ account: 'a', namespace: 'n', session: 's' })
      for (const call of calls) {
        const calledAt = instant++
        const answer = await answerOf(handle, call)
        history.push({ call, answer, calledAt, answeredAt: instant++ })
      }
    }),
  )
  return history
}

function answerOf(handle: Session, call: Call): Promise<unknown> {
  switch (call.kind) {
    case 'patch':
      return handle.patch(call.patch)
    case 'patchIf':
      return handle.patchIf(call.expected, call.patch)
    case 'clearIf':
      return handle.clearIf(call.expected)
    case 'increment':
      return handle.update(['x'], ({ x = 0 }) => ({ x: Number(x) + 1 }))
    case 'delete':
      return handle.delete(call.name)
    case 'clear':
      return handle.clear()
    case 'get':
      return handle.get(call.name)
    case 'getAll':
      return handle.getAll()
  }
}

/** The cases of the row "order of effects" on random calls. */
export const historyCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'a session is linearizable under clients that run at the same time',
    run: async (context) => {
      const clients = fc.array(fc.array(anyCall(context), { minLength: 1, maxLength: 5 }), {
        minLength: 2,
        maxLength: 4,
      })
      await checkRuns(context, row, clients, async (programs) => {
        const store = await context.open()
        const history = await historyOf(store, programs)
        await store.close()
        holds(
          isLinearizable(history, session),
          `no order explains this history: ${history.map(inWords).join('; ')}`,
        )
      })
    },
  },
]

function inWords({ call, answer, calledAt, answeredAt }: HistoryEntry<Call, unknown>): string {
  return `${calledAt}–${answeredAt} ${fc.stringify(call)} gave ${show(answer)}`
}
