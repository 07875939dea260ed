import { collect, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { advance } from '../test-clock.ts'

const row = 'the clock'

/** The cases of the row "the clock". */
export const clockCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'is looked at by each call',
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
    name: 'that is far from the engine’s own is the one that counts',
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
]
