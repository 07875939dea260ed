import { absent } from '@context-store/core'
import { collect, refuses, same, throwsCode } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'

const row = 'synchronous side'
const needs = ['sync'] as const
const address = { account: 'a', namespace: 'n', session: 's' }

/** The cases of a store with both sides. */
export const syncAndAsyncCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'sees every earlier write of the asynchronous one, awaited or not',
    needs,
    run: async ({ openBoth }) => {
      const store = await openBoth()
      const session = store.session(address)
      const sync = store.sync.session(address)
      const done: Promise<unknown>[] = []
      for (let index = 0; index < 20; index++) {
        done.push(session.patch({ index, [`p${index}`]: 1 }))
        same(sync.get('index'), index, 'get() behind a patch that was not awaited')
      }
      done.push(session.delete('p0'))
      same(sync.getMany(['p0', 'p1']), { p1: 1 }, 'getMany() behind a delete that was not awaited')
      done.push(session.clear())
      same(sync.getAll(), {}, 'getAll() behind a clear that was not awaited')
      done.push(store.account('a').namespace('begun').create())
      same(sync.info(), undefined, 'info()')
      same(store.sync.account('a').namespace('begun').info()?.name, 'begun', 'namespace.info().name')
      await Promise.all(done)
      same(await session.getAll(), {}, 'getAll()')
    },
  },
  {
    row,
    name: 'writes what the asynchronous one sees, in the order of the calls',
    needs,
    run: async ({ openBoth }) => {
      const store = await openBoth()
      const session = store.session(address)
      const sync = store.sync.session(address)
      sync.patch({ a: 1, b: [1] })
      same(await session.getAll(), { a: 1, b: [1] }, 'getAll()')
      const first = session.patch({ a: 2, c: 1 })
      sync.patch({ a: 3 })
      const last = session.patch({ c: 2 })
      same(sync.patchIf({ a: 3, c: 2, d: absent }, { d: 4 }), { ok: true }, 'patchIf()')
      await Promise.all([first, last])
      same(await session.getAll(), { a: 3, b: [1], c: 2, d: 4 }, 'getAll()')
      same(
        sync.update(['a'], ({ a }) => ({ a: Number(a) + 1 })),
        { a: 4 },
        'what update() gives',
      )
      same(await session.get('a'), 4, 'get()')
      store.sync.account('a').namespace('n').delete()
      same(await session.getAll(), {}, 'getAll() after the namespace was deleted')
    },
  },
  {
    row,
    name: 'lists what the asynchronous one lists',
    needs,
    run: async ({ openBoth }) => {
      const store = await openBoth()
      const namespace = store.account('a').namespace('n')
      const sync = store.sync.account('a').namespace('n')
      for (let index = 0; index < 12; index++) {
        if (index % 2 === 0) await namespace.session(`s${index}`).patch({ index })
        else sync.session(`s${index}`).patch({ index })
      }
      same([...sync.sessions()], await collect(namespace.sessions()), 'sessions()')
      const page = await namespace.listSessions({ limit: 5 })
      same(sync.listSessions({ limit: 5 }), page, 'listSessions()')
      const rest = await namespace.listSessions({ cursor: page.cursor })
      same(sync.listSessions({ cursor: page.cursor }), rest, 'listSessions() with the other side’s cursor')
      same(
        [...store.sync.account('a').namespaces()],
        await collect(store.account('a').namespaces()),
        'namespaces()',
      )
      same([...store.sync.accounts()], await collect(store.accounts()), 'accounts()')
    },
  },
  {
    row,
    name: 'throws where the asynchronous one rejects',
    needs,
    run: async ({ openBoth }) => {
      const store = await openBoth()
      const sync = store.sync.session(address)
      throwsCode(() => sync.patch({ p: Number.NaN }), 'invalid-value', 'patch()')
      throwsCode(() => sync.get('\ud800'), 'invalid-address', 'get()')
      throwsCode(() => sync.patch({ p: 'x'.repeat(800_001) }), 'too-large', 'patch()')
      throwsCode(() => sync.patch({}, { ttlSeconds: 1.5 }), 'invalid-option', 'patch()')
      throwsCode(() => store.sync.account(''), 'invalid-address', 'account()')
      same(await store.account('a').namespace('n').info(), undefined, 'namespace.info()')
    },
  },
  {
    row,
    name: 'is closed with the asynchronous one, and the other way about',
    needs,
    run: async ({ openBoth }) => {
      const one = await openBoth()
      await one.close()
      throwsCode(() => one.sync.session(address).getAll(), 'closed', 'getAll()')
      throwsCode(() => [...one.sync.accounts()], 'closed', 'accounts()')
      one.sync.close()
      const two = await openBoth()
      const iterator = two.sync.account('a').namespaces()[Symbol.iterator]()
      two.sync.session(address).patch({ a: 1 })
      two.sync.close()
      two.sync.close()
      throwsCode(() => iterator.next(), 'closed', 'next()')
      throwsCode(() => two.sync.session(address).patch({ a: 1 }), 'closed', 'patch()')
      await refuses(() => two.session(address).patch({ a: 1 }), 'closed', 'patch() on the asynchronous side')
      await two.close()
      const three = await openBoth()
      three.sync[Symbol.dispose]()
      await refuses(() => three.ready(), 'closed', 'ready()')
    },
  },
]
