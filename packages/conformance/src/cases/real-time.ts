import { type ContextStore, type HasSync, type Namespace, present } from '@context-store/core'
import { asyncView } from '../async-view.ts'
import { collect, same } from '../check.ts'
import type { CaseContext, ConformanceCase } from '../conformance-case.ts'
import { numbered } from '../listing-walk.ts'

const row = 'time to live'

/** How many properties are deleted, a millisecond apart, from the sessions that lose properties until they expire. */
const deletions = 80

/** The cases of the row "time to live" that wait for real time, without a clock to move. */
export const realTimeCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'of one second ends a session after one second, even if its properties are deleted until then',
    needs: ['time-to-live'],
    isTimed: true,
    sides: 'once',
    run: async (context) => {
      const { open, openBoth, hasSync, pass, can } = context
      const store: ContextStore & Partial<HasSync> = hasSync ? await openBoth() : await open()
      const namespace = store.account('a').namespace('n')
      const inherited = store.account('a').namespace('with a time to live')
      const shrinking = numbered(10).map((id) => namespace.session(id))
      const properties = Object.fromEntries(numbered(deletions + 1).map((name) => [name, name]))

      await inherited.create({ ttlSeconds: 1 })
      await inherited.session('ends').patch({ a: 1 })
      await inherited.session('stays').patch({ a: 1 }, { ttlSeconds: 0 })
      await namespace.session('ends').patch({ a: 1, b: 2 }, { ttlSeconds: 1 })
      await namespace.session('empty').patch({}, { ttlSeconds: 1 })
      await namespace.session('stays').patch({ a: 1 })
      await Promise.all(shrinking.map((session) => session.patch(properties, { ttlSeconds: 1 })))
      const ends = can('session-info') ? await shrinking[0]?.info() : undefined

      await pass(0.95)
      for (const name of numbered(deletions)) {
        await Promise.all(shrinking.map((session) => session.delete(name)))
        const info = can('session-info') ? await shrinking[0]?.info() : undefined
        if (info !== undefined) same(info, ends, 'info() after delete()')
        await pass(0.001)
      }
      await pass(0.25)

      await isOver(namespace, ['ends', 'empty', ...numbered(10)], context)
      await isOver(inherited, ['ends'], context)
      if (store.sync === undefined) return
      const sync = asyncView(store.sync)
      await isOver(sync.account('a').namespace('n'), ['ends', 'empty', ...numbered(10)], context)
      await isOver(sync.account('a').namespace('with a time to live'), ['ends'], context)
    },
  },
]

/** Fails unless these sessions of a namespace have ended for every read, condition and listing, and `stays` has not. */
async function isOver(namespace: Namespace, ids: readonly string[], { can }: CaseContext): Promise<void> {
  same(await namespace.session('stays').getAll(), { a: 1 }, 'getAll() of a session without a time to live')
  if (can('session-listing')) {
    const idsOf = (infos: readonly { readonly id: string }[]): string[] => infos.map(({ id }) => id)
    same(idsOf(await collect(namespace.sessions())), ['stays'], 'sessions()')
    same(idsOf((await namespace.listSessions()).items), ['stays'], 'listSessions()')
    const listed = await collect(namespace.sessions({ properties: true }))
    same(idsOf(listed), ['stays'], 'sessions() with properties')
  }
  for (const id of ids) {
    const session = namespace.session(id)
    const what = `of session "${id}" when its time is over`
    same(await session.get('a'), undefined, `get() ${what}`)
    same(await session.getMany(['a', 's80']), {}, `getMany() ${what}`)
    same(await session.getAll(), {}, `getAll() ${what}`)
    if (can('session-info')) same(await session.info(), undefined, `info() ${what}`)
    await session.delete('a')
    if (!can('conditions')) continue
    const refused = { ok: false, current: {} }
    same(await session.patchIf({ a: present }, { b: 1 }), refused, `patchIf() ${what}`)
    same(await session.patchIf({ s80: 's80' }, {}, { ttlSeconds: 60 }), refused, `patchIf() ${what}`)
    same(await session.clearIf({ a: 1 }), refused, `clearIf() ${what}`)
    same(await session.update(['a', 's80'], () => undefined), {}, `update() ${what}`)
  }
}
