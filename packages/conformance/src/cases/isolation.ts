import type { JsonValue } from '@context-store/core'
import { collect, holds, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'

const row = 'isolation'

interface Cart {
  items: JsonValue[]
  in: { note: string }
}

const cart = (): Cart & { [name: string]: JsonValue } => ({ items: [1, { a: 1 }], in: { note: 'n' } })

/** Changes nested members of a value that a store returned; fails if they cannot be changed. */
function alter(value: unknown): void {
  holds(typeof value === 'object' && value !== null, `a value cannot be altered: ${show(value)}`)
  holds(Object.isExtensible(value), `a value cannot be altered: ${show(value)} is frozen`)
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) alter(inner)
  if (Array.isArray(value)) value.push('altered')
  else Reflect.set(value, 'altered', true)
  holds(show(value).includes('altered'), `a value cannot be altered: ${show(value)}`)
}

/** The cases of the row "isolation". */
export const isolationCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'arguments may be changed once the call has returned',
    run: async ({ openSession }) => {
      const session = await openSession()
      const passed = { cart: cart(), n: 1 }
      const patched = session.patch(passed)
      alter(passed)
      passed.n = 2
      await patched
      alter(passed)
      same(await session.getAll(), { cart: cart(), n: 1 }, 'getAll()')
      const names = ['cart', 'n']
      const read = session.getMany(names)
      names.length = 0
      same(await read, { cart: cart(), n: 1 }, 'getMany() whose names were altered')
      const doomed = ['n']
      const deleted = session.delete(doomed)
      doomed[0] = 'cart'
      await deleted
      same(await session.getAll(), { cart: cart() }, 'getAll() after delete() whose names were altered')
    },
  },
  {
    row,
    name: 'arguments of patchIf() and update() may be changed once the call has returned',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ cart: cart() })
      const expected = { cart: cart() }
      const passed = { cart: cart(), n: [1] }
      const done = session.patchIf(expected, passed)
      alter(expected)
      alter(passed)
      same(await done, { ok: true }, 'patchIf()')
      same(await session.getAll(), { cart: cart(), n: [1] }, 'getAll()')
      const given = { n: [2] }
      await session.update(['n'], () => given)
      alter(given)
      same(await session.get('n'), [2], 'get()')
    },
  },
  {
    row,
    name: 'results are plain copies that the caller may change',
    run: async ({ openSession }) => {
      const session = await openSession()
      const stored = { cart: cart(), list: [[1], { b: 2 }] }
      await session.patch(stored)
      for (let round = 0; round < 2; round++) {
        const results = [
          await session.get('cart'),
          await session.get('list'),
          await session.getMany(['cart', 'list']),
          await session.getAll(),
        ]
        same(results, [stored.cart, stored.list, stored, stored], 'get(), getMany() and getAll()')
        for (const result of results) alter(result)
      }
      same(await session.getAll(), { cart: cart(), list: [[1], { b: 2 }] }, 'getAll()')
    },
  },
  {
    row,
    name: 'results of patchIf() and update() are copies',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ cart: cart() })
      const lost = await session.patchIf({ cart: 1 }, { n: 1 })
      holds(!lost.ok, 'patchIf() on another value was not refused')
      alter(lost.current)
      alter(await session.update(['cart'], () => undefined))
      alter(
        await session.update(['cart'], (current) => {
          alter(current)
          return { m: 1 }
        }),
      )
      alter(await session.update(['list'], () => ({ list: [cart()] })))
      same(await session.getAll(), { cart: cart(), m: 1, list: [cart()] }, 'getAll()')
    },
  },
  {
    row,
    name: 'one object written twice becomes two',
    run: async ({ openSession }) => {
      const session = await openSession()
      const shared = cart()
      await session.patch({ one: shared, two: [shared, shared] })
      const { one, two } = await session.getAll()
      alter(one)
      same(two, [cart(), cart()], 'the other')
      holds(Array.isArray(two), 'an array came back as something else')
      alter(two[0])
      same(two[1], cart(), 'the third')
    },
  },
  {
    row,
    name: 'infos of namespaces are copies',
    run: async ({ open }) => {
      const account = (await open()).account('a')
      await account.namespace('n').create()
      const before = await account.namespace('n').info()
      holds(before !== undefined, 'a namespace that was created has no info()')
      const created = before.createdAt.getTime()
      before.createdAt.setTime(0)
      for (const info of await collect(account.namespaces())) info.createdAt.setTime(0)
      same((await account.namespace('n').info())?.createdAt, new Date(created), 'createdAt')
    },
  },
  {
    row,
    name: 'infos of sessions are copies',
    needs: ['session-info', 'session-listing'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      await namespace.session('s').patch({ a: 1 })
      const before = await namespace.session('s').info()
      holds(before !== undefined, 'a session that was patched has no info()')
      const created = before.createdAt.getTime()
      before.createdAt.setTime(0)
      for (const info of (await namespace.listSessions()).items) info.createdAt.setTime(0)
      same((await namespace.session('s').info())?.createdAt, new Date(created), 'createdAt')
    },
  },
]
