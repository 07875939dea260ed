import type { ContextStore } from '@context-store/core'
import fc from 'fast-check'
import { holds } from '../check.ts'
import type { CaseContext, ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'
import { perform, type SessionCall, type Stated, textOf } from '../histories/session-call.ts'
import { sessionModel } from '../histories/session-model.ts'
import { contradictionIn, type HistoryEntry } from '../history-checker.ts'
import { checkRuns } from '../random-runs.ts'

const row = 'order of effects'
const names = ['x', 'x', 'y']
const named = { minKeys: 1, noNullPrototype: true }

type Entry = HistoryEntry<SessionCall, string | undefined>

/** A random call; with few values, so that some conditions hold, even with several clients at a time. */
function anyCall({ can }: CaseContext): fc.Arbitrary<SessionCall> {
  const name = fc.constantFrom(...names)
  const value = fc.record<Stated>({ is: fc.integer({ min: 0, max: 2 }) }) as fc.Arbitrary<Stated>
  const removed = fc.constant<Stated>('absent')
  const changes = fc.dictionary(name, can('removals') ? fc.oneof(value, removed) : value, named)
  const expected = fc.dictionary(name, fc.oneof(value, removed, fc.constant<Stated>('present')), named)
  const calls: fc.WeightedArbitrary<SessionCall>[] = [
    { weight: 2, arbitrary: fc.record({ does: fc.constant('patch'), changes }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('delete', 'get'), names: fc.tuple(name) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('getAll', 'getAll', 'clear') }) },
  ]
  if (can('conditions')) {
    calls.push({ weight: 5, arbitrary: fc.record({ does: fc.constant('patchIf'), expected, changes }) })
    calls.push({ weight: 1, arbitrary: fc.record({ does: fc.constant('clearIf'), expected }) })
    calls.push({ weight: 2, arbitrary: fc.constant({ does: 'update', names: ['x'], count: 'x' }) })
  }
  return fc.oneof(...calls)
}

/** Runs all clients at the same time, each making its calls one after another, and records the history. */
async function historyOf(
  store: ContextStore,
  clients: readonly (readonly SessionCall[])[],
): Promise<readonly Entry[]> {
  const history: Entry[] = []
  let instant = 0
  await Promise.all(
    clients.map(async (calls) => {
      const namespace = store.account('a').namespace('n')
      const session = namespace.session('s')
      for (const call of calls) {
        const calledAt = instant++
        const answer = textOf(await perform(call, session, namespace))
        history.push({ call, answer, calledAt, answeredAt: instant++, store: 'one' })
      }
    }),
  )
  return history.sort((a, b) => a.calledAt - b.calledAt)
}

/** The cases of the row "order of effects" with random calls. */
export const historyCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'clients that run at the same time get the same answers as if their calls were made one by one, in their order',
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
          contradictionIn(history, sessionModel) === undefined,
          `no order explains this history: ${history.map(inWords).join('; ')}`,
        )
      })
    },
  },
]

function inWords({ call, answer, calledAt, answeredAt }: Entry): string {
  return `${calledAt}–${answeredAt} ${fc.stringify(call)} → ${show(answer)}`
}
