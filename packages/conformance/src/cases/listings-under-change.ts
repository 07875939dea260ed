import { collect, holds, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { fill, hasNoDouble, numbered, walk, walkFrom } from '../listing-walk.ts'
import { advance } from '../test-clock.ts'

const row = 'listings'

/** The cases of the row "listings" in which sessions are created, deleted or expire meanwhile. */
export const listingsUnderChangeCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'skip and repeat nothing if listed sessions are deleted meanwhile',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const store = await open()
      for (const limit of [1, 3, 10]) {
        const namespace = store.account('a').namespace(`by ${limit}`)
        const ids = numbered(31)
        await fill(namespace, ids)
        const found = await walk(namespace, limit, async (page) => {
          await Promise.all(page.map(({ id }) => namespace.session(id).clear()))
        })
        same([...found].sort(), [...ids].sort(), `the pages by ${limit}, each deleted when it was given`)
      }
    },
  },
  {
    row,
    name: 'return what stays exactly once, whatever is created or deleted meanwhile',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const store = await open()
      for (const limit of [1, 4, 25]) {
        const namespace = store.account('a').namespace(`by ${limit}`)
        const ids = numbered(60)
        await fill(namespace, ids)
        const stays = ids.filter((_, index) => index % 3 !== 0)
        const goes = ids.filter((_, index) => index % 3 === 0)
        let round = 0
        const found = await walk(namespace, limit, async () => {
          const gone = goes.pop()
          if (gone !== undefined) await namespace.session(gone).clear()
          // Only a few: a listing may include new sessions, and need not end while they keep coming.
          if (round < 20) await namespace.session(`new ${(round * 37) % 20}`).patch({ round })
          // A write to an existing session must not move it across the cursor.
          await namespace.session(stays[(round * 11) % stays.length] ?? '').patch({ round })
          round++
        })
        hasNoDouble(found, `listSessions() by ${limit}`)
        const missing = stays.find((id) => !found.includes(id))
        holds(
          missing === undefined,
          `listSessions() by ${limit} leaves out ${missing}, which was there all the time`,
        )
      }
    },
  },
  {
    row,
    name: 'can be left early, iterated twice, and iterated while they change',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      await fill(namespace, numbered(120))
      for await (const info of namespace.sessions()) {
        holds(info.id.startsWith('s'), 'an id that was never written')
        break
      }
      const found: string[] = []
      for await (const { id } of namespace.sessions()) {
        found.push(id)
        await namespace.session(id).clear()
      }
      hasNoDouble(found, 'sessions()')
      same([...found].sort(), numbered(120).sort(), 'sessions(), each deleted when it was given')
      same(await collect(namespace.sessions()), [], 'sessions() afterwards')
    },
  },
  {
    row,
    name: 'leave out expired sessions, and continue after them',
    needs: ['session-listing', 'time-to-live', 'clock'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      const ids = numbered(40)
      const mortal = (id: string): boolean => Number(id.slice(1)) % 4 !== 0
      await Promise.all(
        ids.map((id) => namespace.session(id).patch({ id }, { ttlSeconds: mortal(id) ? 60 : 0 })),
      )
      const first = await namespace.listSessions({ limit: 5 })
      advance(clock, 60)
      const rest = await walkFrom(namespace, first.cursor, 5)
      const seen = [...first.items.map(({ id }) => id), ...rest]
      hasNoDouble(seen, 'listSessions()')
      holds(!rest.some(mortal), 'listSessions() gives a session that has expired')
      const stays = ids.filter((id) => !mortal(id))
      holds(
        stays.every((id) => seen.includes(id)),
        'listSessions() leaves one out that has not expired',
      )
      same((await walk(namespace, 3)).sort(), [...stays].sort(), 'listSessions() by 3')
      same((await collect(namespace.sessions())).length, stays.length, 'how many sessions() gives')
    },
  },
]
