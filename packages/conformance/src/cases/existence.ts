import { absent, type Namespace, type Patch } from '@context-store/core'
import { collect, holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { advance } from '../test-clock.ts'

const row = 'existence'

async function idsOf(namespace: Namespace): Promise<string[]> {
  return (await collect(namespace.sessions())).map(({ id }) => id).sort()
}

/** The cases of the row "existence". */
export const existenceCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'reading what does not exist returns undefined or {}, and creates nothing',
    run: async ({ open }) => {
      const account = (await open()).account('a')
      const session = account.namespace('n').session('s')
      same(await session.get('p'), undefined, 'get()')
      same(await session.getMany(['p']), {}, 'getMany()')
      same(await session.getAll(), {}, 'getAll()')
      same(await account.namespace('n').info(), undefined, 'namespace.info()')
      same(await collect(account.namespaces()), [], 'namespaces()')
    },
  },
  {
    row,
    name: 'what does not exist has no info() and is in no listing',
    needs: ['session-info', 'session-listing', 'accounts'],
    run: async ({ open }) => {
      const store = await open()
      const namespace = store.account('a').namespace('n')
      same(await namespace.session('s').info(), undefined, 'info()')
      same(await namespace.listSessions(), { items: [] }, 'listSessions()')
      same(await collect(namespace.sessions()), [], 'sessions()')
      same(await collect(store.accounts()), [], 'accounts()')
    },
  },
  {
    row,
    name: 'a namespace is created by its first patch, even an empty one, or by create()',
    run: async ({ open }) => {
      const account = (await open()).account('a')
      await account.namespace('patched').session('s').patch({ a: 1 })
      await account.namespace('patched empty').session('s').patch({})
      await account.namespace('created').create()
      const names = (await collect(account.namespaces())).map(({ name }) => name)
      same(names.sort(), ['created', 'patched', 'patched empty'], 'namespaces()')
      same((await account.namespace('patched empty').info())?.name, 'patched empty', 'info().name')
    },
  },
  {
    row,
    name: 'a session is created by a patch that writes a property, and by no other',
    needs: ['session-info', 'session-listing', 'removals'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const nothing: Patch[] = [{}, { a: undefined }, { a: absent }]
      for (const patch of nothing) await namespace.session('none').patch(patch)
      same(await namespace.session('none').info(), undefined, 'info() after patches that write nothing')
      same(await idsOf(namespace), [], 'sessions() after patches that write nothing')
      await namespace.session('null').patch({ a: null })
      same((await namespace.session('null').info())?.id, 'null', 'info().id')
      same(await idsOf(namespace), ['null'], 'sessions()')
    },
  },
  {
    row,
    name: 'an empty session is created by a patch that states a time to live above 0, and expires after that time',
    needs: ['session-info', 'session-listing', 'time-to-live', 'clock'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      await namespace.session('for ever').patch({}, { ttlSeconds: 0 })
      same(
        await namespace.session('for ever').info(),
        undefined,
        'info() after an empty patch with ttlSeconds 0',
      )
      const session = namespace.session('s')
      const createdAt = new Date(clock.now())
      await session.patch({}, { ttlSeconds: 60 })
      const info = { id: 's', createdAt, ttlSeconds: 60, expiresAt: new Date(clock.now() + 60_000) }
      same(await session.info(), info, 'info()')
      same(await session.getAll(), {}, 'getAll()')
      same(await collect(namespace.sessions()), [info], 'sessions()')
      advance(clock, 59)
      await session.delete('never there')
      same(await session.info(), info, 'info() after a delete() of nothing')
      await session.patch({})
      const restarted = { ...info, expiresAt: new Date(clock.now() + 60_000) }
      same(await session.info(), restarted, 'info() after an empty patch')
      advance(clock, 60)
      same(await session.info(), undefined, 'info() when the time is over')
      same(await idsOf(namespace), [], 'sessions() when the time is over')
    },
  },
  {
    row,
    name: 'a session ends when its last property is deleted or removed by a patch',
    needs: ['session-info', 'session-listing', 'removals'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const [one, two, three] = ['1', '2', '3'].map((id) => namespace.session(id))
      await one?.patch({ a: 1, b: 2 })
      await one?.delete(['a'])
      same((await one?.info())?.id, '1', 'info().id while a property is left')
      await one?.delete(['b', 'never'])
      await two?.patch({ a: 1, b: 2 })
      await two?.patch({ a: absent, b: absent })
      await three?.patch({ a: 1 })
      await three?.clear()
      for (const session of [one, two, three]) {
        same(await session?.info(), undefined, 'info()')
        same(await session?.getAll(), {}, 'getAll()')
      }
      same(await idsOf(namespace), [], 'sessions()')
      holds((await namespace.info()) !== undefined, 'the namespace ended with its last session')
    },
  },
  {
    row,
    name: 'a session that loses its last property stays if the same patch states a time to live',
    needs: ['session-info', 'time-to-live', 'removals', 'clock'],
    run: async ({ openSession, clock }) => {
      const session = await openSession()
      const createdAt = new Date(clock.now())
      await session.patch({ a: 1 })
      advance(clock, 5)
      await session.patch({ a: absent }, { ttlSeconds: 60 })
      const expiresAt = new Date(clock.now() + 60_000)
      same(await session.info(), { id: 'one', createdAt, ttlSeconds: 60, expiresAt }, 'info()')
      await session.patch({ a: 1 })
      await session.patch({ a: absent })
      same(await session.info(), undefined, 'info() after a patch that removed the last and stated none')
      await session.patch({ a: 1 }, { ttlSeconds: 60 })
      await session.patch({ a: absent }, { ttlSeconds: 0 })
      same(await session.info(), undefined, 'info() after a patch that removed the last and stated 0')
      await session.patch({}, { ttlSeconds: 60 })
      await session.clear()
      same(await session.info(), undefined, 'info() after clear() of an empty session')
    },
  },
  {
    row,
    name: 'a recreated session has nothing of the previous one',
    needs: ['session-info', 'time-to-live', 'clock'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      const ends: readonly (readonly [string, () => Promise<void>])[] = [
        ['delete()', () => session.delete(['a', 'b'])],
        ['clear()', () => session.clear()],
        ['expiry', async () => advance(clock, 60)],
        ['namespace.delete()', () => namespace.delete()],
      ]
      for (const [what, end] of ends) {
        await session.patch({ a: 1, b: 2 }, { ttlSeconds: 60 })
        advance(clock, 1)
        await end()
        same(await session.info(), undefined, `info() after ${what}`)
        same(await session.getAll(), {}, `getAll() after ${what}`)
        await session.patch({ c: 3 })
        same(
          await session.info(),
          { id: 's', createdAt: new Date(clock.now()) },
          `info() of a new one after ${what}`,
        )
        same(await session.getAll(), { c: 3 }, `getAll() of a new one after ${what}`)
        await session.clear()
      }
    },
  },
  {
    row,
    name: 'a namespace stays when its sessions end, and its sessions end when it is deleted',
    run: async ({ open }) => {
      const store = await open()
      const account = store.account('a')
      const neighbours = ['n', 'n:', ':n', 'n/', 'n%', 'N', 'nn', 'n*'].map((name) => account.namespace(name))
      for (const namespace of [...neighbours, store.account('b').namespace('n')]) {
        await namespace.session('s').patch({ a: 1 })
        await namespace.session().patch({ b: 1 })
      }
      await account.namespace('n').session('s').clear()
      await account.namespace('n').session().clear()
      holds((await account.namespace('n').info()) !== undefined, 'the namespace ended with its last session')
      await account.namespace('n').session('s').patch({ a: 2 })
      await account.namespace('n').delete()
      same(await account.namespace('n').info(), undefined, 'info() of the deleted namespace')
      same(await account.namespace('n').session('s').getAll(), {}, 'getAll() in the deleted namespace')
      for (const namespace of [...neighbours.slice(1), store.account('b').namespace('n')]) {
        same(await namespace.session('s').getAll(), { a: 1 }, `getAll() in namespace ${namespace.name}`)
        same(await namespace.session().getAll(), { b: 1 }, `getAll() in namespace ${namespace.name}`)
      }
      await account.namespace('n').create()
      same(await account.namespace('n').session('s').getAll(), {}, 'getAll() in the recreated namespace')
    },
  },
  {
    row,
    name: 'where namespaces are explicit, a patch or a read in one that does not exist is refused',
    needs: ['explicit-namespaces'],
    run: async ({ open, can }) => {
      const store = await open({ namespaces: 'explicit' })
      const account = store.account('a')
      const namespace = account.namespace('n')
      const session = namespace.session('s')
      const refusals = async (): Promise<void> => {
        const code = 'namespace-not-found'
        await refuses(() => session.patch({ a: 1 }), code, 'patch()')
        await refuses(() => session.patch({}), code, 'patch() of nothing')
        await refuses(() => session.get('a'), code, 'get()')
        await refuses(() => session.getMany(['a']), code, 'getMany()')
        await refuses(() => session.getAll(), code, 'getAll()')
        if (can('conditions')) {
          await refuses(() => session.patchIf({ a: absent }, { a: 1 }), code, 'patchIf()')
          await refuses(() => session.patchIf({ a: 1 }, { a: 2 }), code, 'patchIf() on what does not exist')
          await refuses(() => session.update(['a'], () => ({ a: 1 })), code, 'update()')
          await refuses(() => session.update(['a'], () => undefined), code, 'update() that writes nothing')
          same(await session.clearIf({ a: absent }), { ok: true }, 'clearIf()')
        }
        if (can('session-info')) await refuses(() => session.info(), code, 'info()')
        if (can('session-listing')) {
          await refuses(() => namespace.listSessions(), code, 'listSessions()')
          await refuses(() => collect(namespace.sessions()), code, 'sessions()')
          const withProperties = (): Promise<unknown> => collect(namespace.sessions({ properties: true }))
          await refuses(withProperties, code, 'sessions() with properties')
        }
        await session.delete('a')
        await session.clear()
        await namespace.delete()
        same(await namespace.info(), undefined, 'namespace.info()')
        same(await collect(account.namespaces()), [], 'namespaces()')
      }
      await refusals()
      await namespace.create()
      same(await session.getAll(), {}, 'getAll() in a created namespace')
      same(await session.get('a'), undefined, 'get() in a created namespace')
      await session.patch({ a: 1 })
      same(await session.getAll(), { a: 1 }, 'getAll()')
      await namespace.delete()
      await refusals()
    },
  },
]
