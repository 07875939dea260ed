import { absent, type Expected, type JsonValue, present } from '@context-store/core'
import { holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'
import { hostileNames } from '../hostile-names.ts'
import { advance } from '../test-clock.ts'

const row = 'patchIf'
const needs = ['conditions'] as const
const ok = { ok: true }
const values: readonly JsonValue[] = [null, 0, '', false, [], {}, 1, 'x', { a: [1] }]

/** The cases of `present`. */
export const presentCases: readonly ConformanceCase[] = [
  {
    row,
    name: '`present` holds for any value, even null, and not for a missing property',
    needs,
    run: async ({ openSession }) => {
      const session = await openSession()
      const lost = { ok: false, current: {} }
      same(await session.patchIf({ p: present }, { n: 1 }), lost, 'patchIf() on what does not exist')
      for (const [index, value] of values.entries()) {
        await session.patch({ p: value })
        same(await session.patchIf({ p: present }, { n: index }), ok, `patchIf() over ${show(value)}`)
        same(await session.getAll(), { p: value, n: index }, 'getAll()')
      }
      await session.delete('p')
      same(await session.patchIf({ p: present }, { n: 1 }), lost, 'patchIf() on what was deleted')
    },
  },
  {
    row,
    name: '`present`, values and `absent` can be combined in a condition',
    needs,
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1, b: { c: [2] }, other: true })
      const holding: Expected = { a: present, b: { c: [2] }, missing: absent }
      same(await session.patchIf(holding, { n: 1 }), ok, 'patchIf() that holds')
      const current = { a: 1, b: { c: [2] } }
      const refused: readonly Expected[] = [
        { ...holding, missing: present },
        { ...holding, b: present, a: 2 },
        { ...holding, b: absent },
      ]
      for (const expected of refused) {
        same(
          await session.patchIf(expected, { n: 2 }),
          { ok: false, current },
          'patchIf() that does not hold',
        )
      }
      same(await session.get('n'), 1, 'get()')
    },
  },
  {
    row,
    name: '`present` works with any name',
    needs,
    run: async ({ openSession }) => {
      const session = await openSession()
      for (const name of hostileNames) {
        const expected = Object.fromEntries<typeof present>([[name, present]])
        const stored = Object.fromEntries([[name, 1]])
        const what = `patchIf() on the presence of ${JSON.stringify(name)}`
        same(await session.patchIf(expected, stored), { ok: false, current: {} }, what)
        await session.patch(stored)
        same(await session.patchIf(expected, {}), ok, what)
      }
    },
  },
  {
    row,
    name: '`present` is refused as a value, and nothing is written',
    needs,
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace<{ [name: string]: unknown }>('n')
      const session = namespace.session('s')
      const calls: readonly (readonly [path: string, call: () => Promise<unknown>])[] = [
        ['p', () => session.patch({ a: 1, p: present })],
        ['p', () => session.patchIf({}, { a: 1, p: present })],
        ['p', () => session.update([], () => ({ a: 1, p: present }))],
        ['p.in[0]', () => session.patch({ a: 1, p: { in: [present] } })],
        ['p.in', () => session.patchIf({ p: { in: present } }, { a: 1 })],
      ]
      for (const [path, call] of calls) {
        const error = await refuses(call, 'invalid-value', 'a call with `present` for a value')
        same(Reflect.get(error, 'path'), path, "the error's path")
      }
      same(await session.getAll(), {}, 'getAll()')
      holds((await namespace.info()) === undefined, 'a refused call created the namespace')
    },
  },
  {
    row,
    name: 'with `present` and an empty patch restarts the time to live, and does not recreate a session that has ended',
    needs: ['conditions', 'time-to-live', 'session-info', 'session-listing', 'clock'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      const prolong = (): Promise<unknown> => session.patchIf({ id: present }, {}, { ttlSeconds: 3600 })
      const lost = { ok: false, current: {} }
      same(await prolong(), lost, 'patchIf() where there is no namespace')
      same(await namespace.info(), undefined, 'namespace.info()')
      const createdAt = new Date(clock.now())
      await session.patch({ id: 's', a: 1 }, { ttlSeconds: 60 })
      advance(clock, 59)
      same(await prolong(), ok, 'patchIf() in the last second')
      const expiresAt = new Date(clock.now() + 3_600_000)
      same(await session.info(), { id: 's', createdAt, ttlSeconds: 3600, expiresAt }, 'info()')
      advance(clock, 3600)
      same(await prolong(), lost, 'patchIf() when the time is over')
      same(await session.info(), undefined, 'info() when the time is over')
      same(await namespace.listSessions(), { items: [] }, 'listSessions() when the time is over')
    },
  },
]
