import type { Session } from '@context-store/core'
import { collect, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { advance } from '../test-clock.ts'

const row = 'the clock'

/** The cases of the row "the clock". */
export const clockCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'is read by each call',
    needs: ['clock', 'session-info'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      const times: Date[] = []
      for (let index = 0; index < 3; index++) {
        times.push(new Date(clock.now()))
        await namespace.session(`s${index}`).patch({ a: 1 })
        advance(clock, 0.001 + index * 1000)
      }
      same((await namespace.info())?.createdAt, times[0], 'namespace.info().createdAt')
      for (const [index, time] of times.entries()) {
        same((await namespace.session(`s${index}`).info())?.createdAt, time, 'info().createdAt')
      }
    },
  },
  {
    row,
    name: 'counts, even if it differs much from the engine’s own',
    needs: ['clock', 'session-info', 'session-listing', 'time-to-live'],
    run: async ({ open, clock }) => {
      for (const start of [Date.UTC(1975, 0, 1), Date.UTC(2400, 0, 1)]) {
        clock.set(start)
        const namespace = (await open()).account('a').namespace('n')
        const session = namespace.session('s')
        await session.patch({ a: 1 }, { ttlSeconds: 3600 })
        advance(clock, 3599)
        const info = {
          id: 's',
          createdAt: new Date(start),
          ttlSeconds: 3600,
          expiresAt: new Date(start + 3_600_000),
        }
        same(await session.info(), info, 'info() in the last second')
        same(await session.getAll(), { a: 1 }, 'getAll() in the last second')
        same(await collect(namespace.sessions()), [info], 'sessions() in the last second')
        advance(clock, 1)
        same(await session.getAll(), {}, 'getAll() when the time is over')
        same(await collect(namespace.sessions()), [], 'sessions() when the time is over')
      }
    },
  },
  {
    row,
    name: 'that returns no time makes calls that need it fail, and a failed call changes nothing',
    needs: ['clock'],
    run: async ({ open, clock, hasNow, can }) => {
      if (!hasNow) return
      const store = await open()
      const account = store.account('a')
      const namespace = account.namespace('n')
      const calls: { readonly [id: string]: (session: Session) => Promise<unknown> } = {
        patch: (session) => session.patch({ a: 2, c: 3 }),
        delete: (session) => session.delete('a'),
        clear: (session) => session.clear(),
      }
      const conditional: typeof calls = {
        patchIf: (session) => session.patchIf({ a: 1 }, { a: 2 }),
        update: (session) => session.update(['a'], () => ({ a: 2 })),
        clearIf: (session) => session.clearIf({ a: 1 }),
      }
      const all = Object.entries({ ...calls, ...(can('conditions') && conditional) })
      const ttlSeconds = can('time-to-live') ? 60 : undefined
      const left = { a: 1, b: { d: 2 } }
      for (const [id] of all) await namespace.session(id).patch(left, { ttlSeconds })

      const now = clock.now()
      clock.set(Number.NaN)
      const what = 'while the clock gives no time'
      await refuses(() => namespace.session('new').patch({ a: 1 }), 'invalid-option', `patch() ${what}`)
      await refuses(() => account.namespace('new').create(), 'invalid-option', `create() ${what}`)
      await refuses(() => account.namespace('m').session().patch({}), 'invalid-option', `patch() ${what}`)
      const refused: string[] = []
      for (const [id, call] of all) await call(namespace.session(id)).catch(() => refused.push(id))

      clock.set(now)
      for (const id of refused) {
        same(await namespace.session(id).getAll(), left, `getAll() after a refused ${id}()`)
      }
      same(await namespace.session('new').getAll(), {}, 'getAll() after a refused patch()')
      const names = (await collect(account.namespaces())).map(({ name }) => name)
      same(names, ['n'], 'namespaces() after refused calls')
    },
  },
]
