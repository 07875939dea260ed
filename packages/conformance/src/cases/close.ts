import type { ContextStore } from '@context-store/core'
import { collect, fails, holds, nameOf, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'

const row = 'after close()'

/** The cases of the row "after `close()`". */
export const closeCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'every call is refused, through handles made before and after',
    run: async ({ open, can }) => {
      const store = await open()
      const before = store.account('a').namespace('n')
      await before.session('s').patch({ a: 1 })
      await store.ready()
      await store.close()
      await refuses(() => store.ready(), 'closed', 'ready()')
      await refuses(() => before.info(), 'closed', 'namespace.info()')
      await refuses(() => before.create(), 'closed', 'create()')
      await refuses(() => before.delete(), 'closed', 'namespace.delete()')
      const session = before.session('s')
      await refuses(() => session.get('a'), 'closed', 'get()')
      await refuses(() => session.getMany(['a']), 'closed', 'getMany()')
      await refuses(() => session.getAll(), 'closed', 'getAll()')
      await refuses(() => session.patch({ a: 2 }), 'closed', 'patch()')
      await refuses(() => session.delete('a'), 'closed', 'delete()')
      await refuses(() => session.clear(), 'closed', 'clear()')
      await fails(
        () => store.account('a').namespace('n').session().getAll(),
        'closed',
        'getAll() of a new handle',
      )
      await fails(
        () => store.session({ account: 'a', namespace: 'n' }).patch({}),
        'closed',
        'patch() of a new handle',
      )
      await fails(() => collect(store.account('a').namespaces()), 'closed', 'namespaces()')
      if (can('accounts')) await fails(() => collect(store.accounts()), 'closed', 'accounts()')
      if (can('session-info')) await refuses(() => session.info(), 'closed', 'info()')
      if (can('session-listing')) {
        await refuses(() => before.listSessions(), 'closed', 'listSessions()')
        await fails(() => collect(before.sessions()), 'closed', 'sessions()')
      }
      if (!can('conditions')) return
      await refuses(() => session.patchIf({ a: 1 }, { a: 2 }), 'closed', 'patchIf()')
      await refuses(() => session.update(['a'], () => ({ a: 2 })), 'closed', 'update()')
      await refuses(() => session.clearIf({ a: 1 }), 'closed', 'clearIf()')
    },
  },
  {
    row,
    name: 'an iteration that was started before is refused',
    run: async ({ open }) => {
      const store = await open()
      for (let index = 0; index < 5; index++) await store.account('a').namespace(`n${index}`).create()
      const iterator = store.account('a').namespaces()[Symbol.asyncIterator]()
      holds((await iterator.next()).done === false, 'namespaces() gives nothing')
      await store.close()
      await refuses(async () => iterator.next(), 'closed', 'next()')
    },
  },
  {
    row,
    name: 'a second close() resolves, at once or later',
    run: async ({ open }) => {
      const store = await open()
      await store.account('a').namespace('n').session().patch({ a: 1 })
      await Promise.all([store.close(), store.close()])
      same(await store.close(), undefined, 'what close() resolves to')
      await store[Symbol.asyncDispose]()
    },
  },
  {
    row,
    name: 'a store that was never used closes too, and leaving its scope closes it',
    run: async ({ open }) => {
      await (await open()).close()
      const store = await open()
      await store[Symbol.asyncDispose]()
      await refuses(() => store.ready(), 'closed', 'ready()')
    },
  },
  {
    row,
    name: 'close() waits for pending writes',
    run: async ({ open }) => {
      const store = await open()
      const session = store.session({ account: 'a', namespace: 'n', session: 's' })
      await allSucceed(
        store,
        Array.from({ length: 10 }, (_, index) => session.patch({ [`p${index}`]: index })),
      )
      await refuses(() => session.patch({ late: 1 }), 'closed', 'patch()')
    },
  },
  {
    row,
    name: 'close() waits for pending updates',
    needs: ['conditions'],
    run: async ({ open }) => {
      const store = await open()
      const session = store.session({ account: 'a', namespace: 'n', session: 's' })
      const count = ({ n = 0 }: { readonly n?: unknown }) => ({ n: Number(n) + 1 })
      const updates = Array.from({ length: 5 }, () => session.update(['n'], count))
      await allSucceed(store, [...updates, session.patch({ last: 1 })])
      same(await updates[4], { n: 5 }, 'what the last update resolves to')
    },
  },
  {
    row,
    name: 'close() waits for pending conditional writes, even if they have to be retried',
    needs: ['conditions'],
    run: async ({ open }) => {
      const store = await open()
      const session = store.session({ account: 'a', namespace: 'n', session: 's' })
      const other = store.session({ account: 'a', namespace: 'n', session: 'other' })
      await Promise.all([session, other].map((one) => one.patch({ lock: { by: 'me', at: 1 } })))
      const expected = { lock: { at: 1, by: 'me' } }
      const calls = [session.patchIf(expected, { n: 1 }), other.clearIf(expected)]
      await allSucceed(store, calls)
      same(await Promise.all(calls), [{ ok: true }, { ok: true }], 'patchIf() and clearIf()')
    },
  },
  {
    row,
    name: 'close() waits for pending reads and listings',
    run: async ({ open, can }) => {
      const store = await open()
      const namespace = store.account('a').namespace('n')
      await Promise.all(['1', '2', '3'].map((id) => namespace.session(id).patch({ id })))
      const listing = can('session-listing')
      const reads: Promise<unknown>[] = [
        namespace.session('1').getAll(),
        namespace.info().then((info) => info?.name),
        ...(listing ? [namespace.listSessions().then(({ items }) => items.length)] : []),
        ...(listing
          ? [namespace.listSessions({ properties: ['id'] }).then(({ items }) => items.length)]
          : []),
      ]
      await allSucceed(store, reads)
      same(await Promise.all(reads), [{ id: '1' }, 'n', ...(listing ? [3, 3] : [])], 'what the reads give')
    },
  },
  {
    row,
    name: '`closed` takes precedence over invalid arguments',
    run: async ({ open, can }) => {
      const store = await open()
      const namespace = store.account('a').namespace<{ [name: string]: unknown }>('n')
      const session = namespace.session('s')
      await store.close()
      const wrong: object = { ttl: 60 }
      const names: readonly string[] = ['\ud800']
      const calls: readonly (readonly [what: string, call: () => Promise<unknown>])[] = [
        ['get()', () => session.get('\ud800')],
        ['getMany()', () => session.getMany(names)],
        ['getMany() of no array', () => Reflect.apply(session.getMany, session, ['a'])],
        ['patch()', () => session.patch({ a: new Date(0) })],
        ['patch() with an unknown option', () => session.patch({ a: 1 }, wrong)],
        ['patch() that is too large', () => session.patch({ a: 'x'.repeat(1_000_000) })],
        ['patchIf()', () => session.patchIf({ a: undefined }, { a: new Date(0) })],
        ['update()', () => session.update(names, () => ({ a: 1 }))],
        ['update() without a function', () => Reflect.apply(session.update, session, [['a']])],
        ['delete()', () => session.delete(names)],
        ['clearIf()', () => session.clearIf({ a: undefined })],
        ['create()', () => namespace.create(wrong)],
        ['listSessions()', () => namespace.listSessions({ limit: 0 })],
      ]
      const unsupported = [
        ...(can('conditions') ? [] : ['patchIf()', 'update()', 'update() without a function', 'clearIf()']),
        ...(can('session-listing') ? [] : ['listSessions()']),
      ]
      for (const [what, call] of calls) {
        if (!unsupported.includes(what)) await refuses(call, 'closed', `${what} with a wrong argument`)
      }
      if (!can('session-listing')) return
      const sessions = (): Promise<unknown> => collect(namespace.sessions(wrong as { properties: true }))
      await fails(sessions, 'closed', 'sessions() with a wrong argument')
    },
  },
]

/** Closes a store while calls are pending; fails if one of them does. */
async function allSucceed(store: ContextStore, calls: readonly Promise<unknown>[]): Promise<void> {
  const closed = store.close()
  const late = refuses(() => store.ready(), 'closed', 'ready() while the store closes')
  const answers = await Promise.allSettled(calls)
  await closed
  await late
  for (const answer of answers) {
    if (answer.status === 'rejected')
      throw new Error(`a call made before close() failed: ${nameOf(answer.reason)}`)
  }
}
