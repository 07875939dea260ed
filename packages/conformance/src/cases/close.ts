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
    },
  },
  {
    row,
    name: 'an iteration begun before is refused',
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
    name: 'close() waits for the writes that are under way',
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
    name: 'close() waits for the updates that are under way',
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
]

/** Closes a store while calls are under way; fails where one of them does. */
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
