import { absent, type Expected, type JsonValue, present } from '@context-store/core'
import { collect, holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'
import { advance } from '../test-clock.ts'

const row = 'patchIf'
const needs = ['conditions'] as const
const ok = { ok: true }

/** The cases of `clearIf`, which is to `clear` what `patchIf` is to `patch`. */
export const clearIfCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'clearIf() ends the session if each named property is as expected',
    needs,
    run: async ({ openSession }) => {
      const session = await openSession()
      const conditions: readonly Expected[] = [
        {},
        { a: 1 },
        { a: present },
        { never: absent },
        { a: 1, b: { c: [2], d: null }, n: null, never: absent },
        // The same value, its members in another order.
        { b: { d: null, c: [2] } },
      ]
      for (const expected of conditions) {
        await session.patch({ a: 1, b: { c: [2], d: null }, n: null })
        same(await session.clearIf(expected), ok, `clearIf() on ${show(expected)}`)
        same(await session.getAll(), {}, `getAll() after clearIf() on ${show(expected)}`)
      }
    },
  },
  {
    row,
    name: 'clearIf() whose condition does not hold returns the current named properties, and changes nothing',
    needs,
    run: async ({ openSession }) => {
      const session = await openSession()
      const stored = { owner: 'billing', note: null, other: { a: [1] } }
      await session.patch(stored)
      const refused: readonly (readonly [Expected, { [name: string]: JsonValue }])[] = [
        [{ owner: 'concierge' }, { owner: 'billing' }],
        [{ owner: absent }, { owner: 'billing' }],
        [{ missing: present }, {}],
        [{ missing: null }, {}],
        [
          { owner: 'billing', note: 0, missing: absent },
          { owner: 'billing', note: null },
        ],
        [
          { other: { a: [1, 2] }, owner: present },
          { other: { a: [1] }, owner: 'billing' },
        ],
      ]
      for (const [expected, current] of refused) {
        same(await session.clearIf(expected), { ok: false, current }, `clearIf() on ${show(expected)}`)
        same(await session.getAll(), stored, 'getAll()')
      }
    },
  },
  {
    row,
    name: 'clearIf() creates nothing, whether its condition holds or not',
    needs,
    run: async ({ open }) => {
      const account = (await open()).account('a')
      const session = account.namespace('n').session('s')
      same(await session.clearIf({}), ok, 'clearIf() on nothing')
      same(await session.clearIf({ p: absent }), ok, 'clearIf() on an absence')
      same(await session.clearIf({ p: 1 }), { ok: false, current: {} }, 'clearIf() on a value')
      same(await account.namespace('n').info(), undefined, 'namespace.info()')
      same(await collect(account.namespaces()), [], 'namespaces()')
      same(await session.getAll(), {}, 'getAll()')
    },
  },
  {
    row,
    name: 'of 64 concurrent clearIf() calls exactly one wins, and so does one of a clearIf() and a competing patch',
    needs,
    run: async ({ open }) => {
      const store = await open()
      const address = { account: 'a', namespace: 'n', session: 's' }
      await store.session(address).patch({ holder: 'me' })
      const calls = Array.from({ length: 64 }, () => store.session(address).clearIf({ holder: 'me' }))
      const results = await Promise.all(calls)
      const winners = results.filter((result) => result.ok).length
      holds(winners === 1, `${winners} of 64 releases were won`)
      for (const result of results) {
        if (!result.ok) same(result.current, {}, 'what a lost release gives')
      }
      for (let round = 0; round < 20; round++) {
        await store.session(address).patch({ holder: 'me', by: 'me' })
        const [taken, released] = await Promise.all([
          store.session(address).patchIf({ holder: 'me' }, { holder: 'you' }),
          store.session(address).clearIf({ holder: 'me' }),
        ])
        holds(taken.ok !== released.ok, 'of a release and a takeover, both or none were won')
        const left = taken.ok ? { holder: 'you', by: 'me' } : {}
        same(await store.session(address).getAll(), left, 'getAll() after a race')
      }
    },
  },
  {
    row,
    name: 'clearIf() ends the session’s own time to live and createdAt; if its condition does not hold, it changes neither',
    needs: ['conditions', 'time-to-live', 'session-info', 'session-listing', 'clock'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      await session.patch({ a: 1 }, { ttlSeconds: 60 })
      const before = await session.info()
      advance(clock, 30)
      same(await session.clearIf({ a: 2 }), { ok: false, current: { a: 1 } }, 'clearIf() on another value')
      same(await session.info(), before, 'info() after a refused clearIf()')
      same(await session.clearIf({ a: 1 }), ok, 'clearIf()')
      same(await session.info(), undefined, 'info() after clearIf()')
      same(await collect(namespace.sessions()), [], 'sessions() after clearIf()')
      await session.patch({ b: 2 })
      same(await session.info(), { id: 's', createdAt: new Date(clock.now()) }, 'info() of a new session')
      await session.patch({}, { ttlSeconds: 60 })
      advance(clock, 60)
      same(await session.clearIf({ b: 2 }), { ok: false, current: {} }, 'clearIf() on an expired session')
      same(await session.clearIf({ b: absent }), ok, 'clearIf() on an absence, when the time is over')
    },
  },
  {
    row,
    name: 'clearIf() refuses an invalid condition',
    needs,
    run: async ({ open }) => {
      const session = (await open()).account('a').namespace<{ [name: string]: unknown }>('n').session('s')
      await session.patch({ a: 1 })
      const conditions: readonly (readonly [code: 'invalid-value' | 'invalid-address', condition: object])[] =
        [
          ['invalid-value', { a: undefined }],
          ['invalid-value', { a: Number.NaN }],
          ['invalid-value', { a: new Date(0) }],
          ['invalid-value', [1]],
          ['invalid-value', new Map([['a', 1]])],
          ['invalid-address', { '\ud800': 1 }],
        ]
      for (const [code, condition] of conditions) {
        await refuses(() => session.clearIf(condition), code, `clearIf() on ${show(condition)}`)
      }
      same(await session.getAll(), { a: 1 }, 'getAll()')
    },
  },
]
