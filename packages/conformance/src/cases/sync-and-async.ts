import { absent, type Patch, type Properties } from '@context-store/core'
import { collect, holds, refuses, same, throwsCode } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'

const row = 'synchronous side'
const sides = 'both'
const address = { account: 'a', namespace: 'n', session: 's' }

/** Calls with more than one invalid argument. */
const wrongCalls: readonly (readonly [method: string, ...args: unknown[]])[] = [
  ['patch', { a: Number.NaN, '\ud800': 1 }, { ttl: 60, ttlSeconds: -1 }],
  ['patch', { '\ud800': Number.NaN, b: 'x'.repeat(900_000) }, 60],
  ['patch', { b: 'x'.repeat(900_000), a: Number.NaN }, { ttlSeconds: 1.5 }],
  ['patch', [1], null],
  ['patchIf', { a: undefined }, { a: Number.NaN }, { ttlSeconds: -1 }],
  ['patchIf', null, { '\ud800': 1 }, { ttl: 60 }],
  ['patchIf', { a: new Date(0) }, { b: 'x'.repeat(900_000) }],
  ['update', ['\ud800'], undefined, { ttlSeconds: -1 }],
  ['update', 'a', () => ({ a: Number.NaN }), { ttl: 60 }],
  ['update', ['a'], undefined, { ttl: 60 }],
  ['update', ['a'], () => ({ a: Number.NaN, '\ud800': 1 }), { ttlSeconds: -1 }],
  ['update', ['a'], () => ({ a: Number.NaN, b: 'x'.repeat(900_000) })],
  ['clearIf', { a: undefined, '\ud800': 1 }],
  ['delete', [1, '\ud800']],
  ['getMany', ['\ud800', 1]],
  ['create', { ttl: 60, ttlSeconds: -1 }],
  ['listSessions', { limit: 0, cursor: 'made up', properties: 'a', size: 1 }],
  ['listSessions', { limit: 0, cursor: 'made up', properties: [1] }],
]

/** The cases of a store with both sides. */
export const syncAndAsyncCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'exists if and only if the option `sync` says so',
    sides: 'once',
    run: async ({ open, hasSync }) => {
      const isThere = 'sync' in (await open())
      holds(
        isThere === hasSync,
        isThere ? '`store.sync` exists: give the option `sync`' : 'there is no `store.sync`',
      )
    },
  },
  {
    row,
    name: 'sees every earlier write of the asynchronous one, awaited or not',
    sides,
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
    sides,
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
    sides,
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
    name: 'throws if the asynchronous one rejects',
    sides,
    run: async ({ openBoth, documentLength }) => {
      const store = await openBoth()
      const sync = store.sync.session(address)
      throwsCode(() => sync.patch({ p: Number.NaN }), 'invalid-value', 'patch()')
      throwsCode(() => sync.get('\ud800'), 'invalid-address', 'get()')
      throwsCode(() => sync.patch({ p: 'x'.repeat(documentLength) }), 'too-large', 'patch()')
      throwsCode(() => sync.patch({}, { ttlSeconds: 1.5 }), 'invalid-option', 'patch()')
      throwsCode(() => store.sync.account(''), 'invalid-address', 'account()')
      same(await store.account('a').namespace('n').info(), undefined, 'namespace.info()')
    },
  },
  {
    row,
    name: 'keeps its place among the calls of the asynchronous one',
    sides,
    run: async ({ openBoth }) => {
      const store = await openBoth()
      const session = store.session(address)
      const sync = store.sync.session(address)
      const add = ({ n }: Partial<Properties>): Patch => ({ n: Number(n) + 1 })
      for (let round = 0; round < 10; round++) {
        await session.patch({ n: 0, x: 'first', lock: { a: 1, b: 2 } })
        const calls: Promise<unknown>[] = [
          session.update(['n'], add),
          session.patchIf({ lock: { b: 2, a: 1 } }, { x: 'second' }),
        ]
        same(sync.getMany(['n', 'x']), { n: 1, x: 'second' }, 'getMany() behind update() and patchIf()')
        sync.patch({ x: 'third' })
        same(sync.update(['n'], add), { n: 2 }, 'update()')
        calls.push(session.update(['n'], add), session.clearIf({ n: 3, x: 'third' }))
        same(sync.getAll(), {}, 'getAll() behind clearIf()')
        same(sync.clearIf({ n: absent }), { ok: true }, 'clearIf()')
        sync.patch({ n: 10 })
        calls.push(session.update(['n'], add))
        const answers = [{ n: 1 }, { ok: true }, { n: 3 }, { ok: true }, { n: 11 }]
        same(await Promise.all(calls), answers, 'what the asynchronous calls give')
        same(await session.getAll(), { n: 11 }, 'getAll()')
        await session.clear()
      }
    },
  },
  {
    row,
    name: 'cannot be called within the `change` of either side',
    sides,
    run: async ({ openBoth }) => {
      const store = await openBoth()
      const session = store.session(address)
      const sync = store.sync.session(address)
      await session.patch({ a: 1 })
      const made: Promise<unknown>[] = []
      const change = (): Patch => {
        throwsCode(() => sync.patch({ a: 3 }), 'unsupported', 'patch() within change')
        throwsCode(() => store.sync.close(), 'unsupported', 'close() within change')
        made.push(refuses(() => session.patch({ a: 3 }), 'unsupported', 'patch() within change'))
        return { a: 2 }
      }
      same(await session.update(['a'], change), { a: 2 }, 'update()')
      same(sync.update(['a'], change), { a: 2 }, 'update() of the synchronous side')
      await Promise.all(made)
      same(await session.getAll(), { a: 2 }, 'getAll()')
    },
  },
  {
    row,
    name: 'refuses a call with several errors for the same reason as the asynchronous one',
    sides,
    run: async ({ openBoth }) => {
      const store = await openBoth()
      const codesOf = wrongCalls.map(async ([method, ...args]) => {
        const found = []
        for (const one of [store, store.sync]) {
          const namespace = one.account('a').namespace('n')
          const on = method in namespace ? namespace : namespace.session('s')
          const call = async (): Promise<unknown> => Reflect.apply(Reflect.get(on, method), on, args)
          found.push(await call().then(show, (error) => Reflect.get(error, 'message')))
        }
        same(found[1], found[0], `what ${method}(${args.map(show).join(', ')}) is refused for`)
      })
      await Promise.all(codesOf)
      same(await store.account('a').namespace('n').info(), undefined, 'namespace.info()')
    },
  },
  {
    row,
    name: 'is closed with the asynchronous one, and vice versa',
    sides,
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
