import { absent } from '@context-store/core'
import { holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'

const row = 'update'

/** The cases of the row "update". */
export const updateCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'never writes what it read into a session that has expired meanwhile',
    needs: ['conditions', 'time-to-live', 'clock'],
    run: async ({ openSession, clock }) => {
      const session = await openSession()
      await session.patch({ n: 5, owner: 'x' }, { ttlSeconds: 60 })
      const start = clock.now()
      let seen: object = {}
      await session.update(['n'], (current) => {
        seen = { ...current }
        // The session expires while the update is pending; once is enough.
        clock.set(start + 60_000)
        return { m: 1 }
      })
      clock.set(start + 59_000)
      const after = await session.getAll()
      const isWhole = 'owner' in after && 'n' in after
      holds(isWhole || Object.keys(seen).length === 0, `update() saw ${show(seen)} and left ${show(after)}`)
    },
  },
  {
    row,
    name: 'reads the named properties, writes, and returns them after the update',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1, b: { c: 2 }, other: true })
      const after = await session.update(['a', 'b', 'missing'], (current) => {
        same(current, { a: 1, b: { c: 2 } }, 'what update() gives to change')
        return { a: 2, unnamed: 'x' }
      })
      same(after, { a: 2, b: { c: 2 } }, 'what update() resolves to')
      same(await session.getAll(), { a: 2, b: { c: 2 }, other: true, unnamed: 'x' }, 'getAll()')
      same(await session.update([], () => ({ a: 3 })), {}, 'what update() of no name resolves to')
      same(await session.get('a'), 3, 'get()')
    },
  },
  {
    row,
    name: 'removes properties with absent',
    needs: ['conditions', 'removals'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1, b: 2 })
      same(await session.update(['a', 'b'], () => ({ a: absent })), { b: 2 }, 'what update() resolves to')
      same(await session.getAll(), { b: 2 }, 'getAll()')
    },
  },
  {
    row,
    name: 'writes nothing if `change` returns undefined',
    needs: ['conditions'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      same(await session.update(['a'], () => undefined), {}, 'what update() resolves to')
      holds((await namespace.info()) === undefined, 'an update that wrote nothing created the namespace')
      await session.patch({ a: 1 })
      same(await session.update(['a'], () => undefined), { a: 1 }, 'what update() resolves to')
      same(await session.getAll(), { a: 1 }, 'getAll()')
    },
  },
  {
    row,
    name: 'passes copies to `change`',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ list: [1] })
      for (let round = 0; round < 3; round++) {
        await session.update(['list'], ({ list }) => {
          holds(Array.isArray(list), `change was given ${show(list)}`)
          list.push(list.length + 1)
          return { list }
        })
      }
      same(await session.get('list'), [1, 2, 3, 4], 'get()')
    },
  },
  {
    row,
    name: 'fails with what `change` throws, and for the same reasons as a patch; nothing is written',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1 })
      const thrown = new Error('of change')
      const failing = session.update(['a'], () => {
        throw thrown
      })
      const caught: unknown = await failing.catch((error: unknown) => error)
      holds(caught === thrown, `update() rejected with ${show(caught)}, not with the error of change`)
      await refuses(
        () => session.update(['a'], () => ({ a: Number.NaN })),
        'invalid-value',
        'update() to NaN',
      )
      same(await session.getAll(), { a: 1 }, 'getAll()')
      await session.update(['a'], () => ({ a: 2 }))
      same(await session.getAll(), { a: 2 }, 'getAll() after a later update')
    },
  },
  {
    row,
    name: 'of a counter, 64 times at the same time, adds 64',
    needs: ['conditions'],
    run: async ({ open }) => {
      const store = await open()
      const address = { account: 'a', namespace: 'n', session: 's' }
      const kept = store.session<{ turns: number }>(address)
      const seen = await Promise.all(
        Array.from({ length: 64 }, (_, index) => {
          const session = index % 2 === 0 ? kept : store.session<{ turns: number }>(address)
          return session.update(['turns'], ({ turns = 0 }) => ({ turns: turns + 1 }))
        }),
      )
      same(await kept.get('turns'), 64, 'get()')
      const counts = seen.map(({ turns }) => turns ?? 0).sort((a, b) => a - b)
      same(
        counts,
        Array.from({ length: 64 }, (_, index) => index + 1),
        'what the updates resolve to',
      )
    },
  },
  {
    row,
    name: 'does not lose races to patches of its own store, made before or after it',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      const done = [
        session.patch({ n: 1 }),
        session.update(['n'], ({ n }) => ({ n: Number(n) + 1 })),
        session.patch({ n: 10 }),
        session.update(['n'], ({ n }) => ({ n: Number(n) + 1 })),
        session.patch({ m: 1 }),
      ]
      const read = session.getAll()
      await Promise.all(done)
      same(await read, { n: 11, m: 1 }, 'getAll(), called after them')
      same(await session.getAll(), { n: 11, m: 1 }, 'getAll()')
      same(await done[1], { n: 2 }, 'what the first update resolves to')
    },
  },
]
