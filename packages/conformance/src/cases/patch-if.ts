import { absent, type Expected, type JsonValue } from '@context-store/core'
import { holds, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'
import { hostileNames } from '../hostile-names.ts'
import { hostileValues } from '../hostile-values.ts'
import { advance } from '../test-clock.ts'

const row = 'patchIf'
const ok = { ok: true }

/** A stored value, a condition that holds for it and one that does not. */
const pairs: readonly (readonly [stored: JsonValue, same: JsonValue, other: JsonValue])[] = [
  [1, 1, '1'],
  [0, -0, false],
  [0.1, 0.1, 0.2],
  [100, 1e2, '1e2'],
  [1, 1.0, true],
  [null, null, 0],
  [null, null, 'null'],
  ['', '', null],
  ['é', '\u00e9', 'e\u0301'],
  ['a', 'a', 'A'],
  ['a', 'a', 'a '],
  [[], [], {}],
  [{}, {}, []],
  [
    [1, 2],
    [1, 2],
    [2, 1],
  ],
  [
    [1, 2],
    [1, 2],
    [1, 2, 3],
  ],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }],
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
    { a: 1, b: 2, c: 3 },
  ],
  [
    { a: { x: 1, y: [{ p: 1, q: 2 }] }, b: 2 },
    { b: 2, a: { y: [{ q: 2, p: 1 }], x: 1 } },
    { b: 2, a: { y: [{ q: 2, p: 2 }], x: 1 } },
  ],
  [{ a: null }, { a: null }, {}],
  [{ a: null }, { a: null }, { b: null }],
  [Object.fromEntries([['__proto__', 1]]), Object.fromEntries([['__proto__', 1]]), {}],
]

/** The cases of the row "patchIf". */
export const patchIfCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'writes if each named property is as expected',
    needs: ['conditions', 'removals'],
    run: async ({ openSession }) => {
      const session = await openSession()
      same(
        await session.patchIf({ owner: absent }, { owner: 'concierge', step: 1 }),
        ok,
        'patchIf() on absence',
      )
      same(
        await session.patchIf(
          { owner: 'concierge', step: 1 },
          { owner: 'billing', step: absent, note: null },
        ),
        ok,
        'patchIf()',
      )
      same(await session.getAll(), { owner: 'billing', note: null }, 'getAll()')
      same(await session.patchIf({}, { free: true }), ok, 'patchIf() on nothing')
      same(await session.patchIf({ note: null, step: absent }, {}), ok, 'patchIf() of nothing')
      same(await session.getAll(), { owner: 'billing', note: null, free: true }, 'getAll()')
    },
  },
  {
    row,
    name: 'returns the current named properties if one is not as expected',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ owner: 'billing', note: null, other: 1 })
      const refused: readonly (readonly [Expected, { [name: string]: JsonValue }])[] = [
        [{ owner: 'concierge' }, { owner: 'billing' }],
        [{ owner: absent }, { owner: 'billing' }],
        [{ note: absent }, { note: null }],
        [{ missing: null }, {}],
        [{ owner: 'billing', missing: 1 }, { owner: 'billing' }],
        [
          { owner: 'billing', note: 0, missing: absent },
          { owner: 'billing', note: null },
        ],
      ]
      for (const [expected, current] of refused) {
        const result = await session.patchIf(expected, { owner: 'me', added: 1 })
        same(result, { ok: false, current }, `patchIf() on ${show(expected)}`)
      }
      same(await session.getAll(), { owner: 'billing', note: null, other: 1 }, 'getAll()')
    },
  },
  {
    row,
    name: 'compares JSON by deep equality, not as text',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      for (const [stored, equal, other] of pairs) {
        await session.patch({ p: stored, n: 0 })
        const lost = await session.patchIf({ p: other }, { n: 1 })
        same(lost, { ok: false, current: { p: stored } }, `patchIf() on ${show(other)} over ${show(stored)}`)
        same(
          await session.patchIf({ p: equal }, { n: 2 }),
          ok,
          `patchIf() on ${show(equal)} over ${show(stored)}`,
        )
        same(await session.getAll(), { p: stored, n: 2 }, 'getAll()')
      }
    },
  },
  {
    row,
    name: 'finds every value equal to itself and to no other',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      for (const [index, value] of hostileValues.entries()) {
        await session.patch({ p: value })
        same(await session.patchIf({ p: value }, { n: index }), ok, `patchIf() on ${show(value)}`)
        const other: JsonValue = { not: typeof value === 'object' ? 'this' : value }
        const lost = await session.patchIf({ p: other }, { n: -1 })
        same(lost, { ok: false, current: { p: value } }, `patchIf() on ${show(other)} over ${show(value)}`)
        same(await session.get('n'), index, 'get()')
      }
    },
  },
  {
    row,
    name: 'accepts any name in its condition',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      for (const name of hostileNames) {
        const none = Object.fromEntries<typeof absent>([[name, absent]])
        const one = Object.fromEntries([[name, 1]])
        const two = Object.fromEntries([[name, 2]])
        const what = JSON.stringify(name)
        same(await session.patchIf(none, one), ok, `patchIf() on the absence of ${what}`)
        same(await session.patchIf(none, two), { ok: false, current: one }, `again on the absence of ${what}`)
        same(await session.patchIf(one, two), ok, `patchIf() on ${what}`)
        same(await session.get(name), 2, `get() of ${what}`)
      }
    },
  },
  {
    row,
    name: 'whose condition does not hold creates no namespace',
    needs: ['conditions'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const result = await namespace.session('s').patchIf({ p: 1 }, { p: 2 })
      same(result, { ok: false, current: {} }, 'patchIf()')
      holds((await namespace.info()) === undefined, 'a refused condition created the namespace')
      same(await namespace.session('s').getAll(), {}, 'getAll()')
    },
  },
  {
    row,
    name: 'whose condition does not hold changes and restarts no time to live',
    needs: ['conditions', 'time-to-live', 'clock', 'session-info'],
    run: async ({ openSession, clock }) => {
      const session = await openSession()
      await session.patch({ p: 1 }, { ttlSeconds: 100 })
      const before = await session.info()
      advance(clock, 60)
      const result = await session.patchIf({ p: 2 }, { p: 3 }, { ttlSeconds: 1000 })
      same(result, { ok: false, current: { p: 1 } }, 'patchIf()')
      same(await session.info(), before, 'info()')
      advance(clock, 40)
      same(await session.getAll(), {}, 'getAll() when the time is over')
    },
  },
  {
    row,
    name: 'creates what a patch creates, and of 64 concurrent calls one wins',
    needs: ['conditions'],
    run: async ({ open }) => {
      const store = await open()
      const address = { account: 'a', namespace: 'n', session: 's' }
      const claims = await Promise.all(
        Array.from({ length: 64 }, (_, by) =>
          store.session(address).patchIf({ by: absent }, { by, [`p${by}`]: true }),
        ),
      )
      const winners = claims.flatMap((claim, by) => (claim.ok ? [by] : []))
      holds(winners.length === 1, `${winners.length} of 64 claims were won`)
      const [by = -1] = winners
      same(await store.session(address).getAll(), { by, [`p${by}`]: true }, 'getAll()')
      for (const claim of claims) if (!claim.ok) same(claim.current, { by }, 'what a lost claim gives')
      holds(
        (await store.account('a').namespace('n').info()) !== undefined,
        'a won claim did not create the namespace',
      )
    },
  },
]
