import { absent, type Session } from '@context-store/core'
import { collect, holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { eventLoopTurn } from '../event-loop-turn.ts'
import { advance, type TestClock } from '../test-clock.ts'

const row = 'time to live'
const needs = ['time-to-live', 'clock', 'session-info'] as const

/** Fails unless `info()` returns this time to live, and an expiry counted from now. */
async function runsFromNow(
  session: Session,
  clock: TestClock,
  ttlSeconds: number,
  what: string,
): Promise<void> {
  const { ttlSeconds: told, expiresAt } = (await session.info()) ?? {}
  same(
    { ttlSeconds: told, expiresAt },
    { ttlSeconds, expiresAt: new Date(clock.now() + ttlSeconds * 1000) },
    what,
  )
}

/** Fails unless the session exists and never expires. */
async function isForEver(session: Session, what: string): Promise<void> {
  const info = await session.info()
  holds(info !== undefined, `${what}: the session does not exist`)
  same(Object.keys(info).sort(), ['createdAt', 'id'], `${what}: the members of info()`)
}

/** The cases of the row "time to live". */
export const timeToLiveCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'when it is over, the session is gone from every read and listing at once',
    needs: [...needs, 'session-listing'],
    run: async ({ open, clock, can }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      await session.patch({ a: 1, b: 2 }, { ttlSeconds: 60 })
      await namespace.session('stays').patch({ a: 1 })
      advance(clock, 59.999)
      same(await session.getAll(), { a: 1, b: 2 }, 'getAll() in the last millisecond')
      same((await session.info())?.ttlSeconds, 60, 'info().ttlSeconds in the last millisecond')
      advance(clock, 0.001)
      const ids = (await collect(namespace.sessions())).map(({ id }) => id)
      same(ids, ['stays'], 'sessions()')
      same((await namespace.listSessions()).items.length, 1, 'the items of listSessions()')
      same(await session.get('a'), undefined, 'get()')
      same(await session.getMany(['a', 'b']), {}, 'getMany()')
      same(await session.getAll(), {}, 'getAll()')
      same(await session.info(), undefined, 'info()')
      await session.delete('a')
      if (can('conditions')) {
        const lost = await session.patchIf({ a: 1 }, { a: 2 })
        same(lost, { ok: false, current: {} }, 'patchIf() on an expired session')
        same(await session.update(['a'], () => undefined), {}, 'update()')
      }
      await session.patch({ c: 3 })
      same(await session.getAll(), { c: 3 }, 'getAll() of the recreated session')
      await isForEver(session, 'the recreated session')
    },
  },
  {
    row,
    name: 'is the session’s own from the patch that states it until another is stated',
    needs,
    run: async ({ openSession, clock }) => {
      const session = await openSession()
      await session.patch({ a: 1 })
      await isForEver(session, 'a session without a time to live')
      await session.patch({}, { ttlSeconds: 60 })
      await runsFromNow(session, clock, 60, 'info() after it was stated')
      advance(clock, 50)
      await session.patch({ a: 2 })
      await runsFromNow(session, clock, 60, 'info() after a patch that states none')
      advance(clock, 50)
      await session.patch({ a: 3 }, { ttlSeconds: undefined })
      await runsFromNow(session, clock, 60, 'info() after a patch that states undefined')
      await session.patch({ b: 1 }, { ttlSeconds: 3600 })
      advance(clock, 3599)
      same(await session.getAll(), { a: 3, b: 1 }, 'getAll() within the new one')
      await session.patch({ b: 2 }, { ttlSeconds: 0 })
      await isForEver(session, 'info() after 0 was stated')
      advance(clock, 1e9)
      await session.patch({ b: 3 })
      await isForEver(session, 'info() long after 0 was stated')
      await session.patch({}, { ttlSeconds: 60 })
      advance(clock, 60)
      same(await session.getAll(), {}, 'getAll() when it is over')
    },
  },
  {
    row,
    name: 'restarts with each patch, even an empty one',
    needs,
    run: async ({ openSession, clock }) => {
      const session = await openSession()
      await session.patch({ a: 1 }, { ttlSeconds: 60 })
      for (const patch of [{}, { b: 1 }, { a: undefined }, {}]) {
        advance(clock, 59)
        await session.patch(patch)
        await runsFromNow(session, clock, 60, 'info() after a patch')
      }
      advance(clock, 60)
      same(await session.info(), undefined, 'info() when it is over')
    },
  },
  {
    row,
    name: 'restarts with a conditional write whose condition held, and with an update that wrote',
    needs: [...needs, 'conditions', 'removals'],
    run: async ({ openSession, clock }) => {
      const session = await openSession()
      await session.patchIf({ a: absent }, { a: 1 }, { ttlSeconds: 60 })
      await runsFromNow(session, clock, 60, 'info() after patchIf() stated it')
      advance(clock, 59)
      await session.patchIf({ a: 1 }, {})
      await runsFromNow(session, clock, 60, 'info() after patchIf() of nothing')
      advance(clock, 59)
      await session.update(['a'], () => ({ b: 1 }))
      await runsFromNow(session, clock, 60, 'info() after update()')
      await session.update(['a'], () => ({ a: absent }), { ttlSeconds: 100 })
      await runsFromNow(session, clock, 100, 'info() after update() stated another')
      const before = await session.info()
      advance(clock, 1)
      await session.update(['a'], () => undefined, { ttlSeconds: 7 })
      same(await session.info(), before, 'info() after an update that wrote nothing')
    },
  },
  {
    row,
    name: 'is not changed by a deletion or a read',
    needs: [...needs, 'session-listing'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      await session.patch({ a: 1, b: 2, c: 3 }, { ttlSeconds: 60 })
      const before = await session.info()
      advance(clock, 30)
      await session.delete('a')
      same(await session.info(), before, 'info() after delete()')
      await session.delete(['b', 'never'])
      await session.get('c')
      await session.getAll()
      await namespace.listSessions()
      same(await session.info(), before, 'info() after delete() and reads')
      advance(clock, 30)
      same(await session.info(), undefined, 'info() when it is over')
    },
  },
  {
    row,
    name: 'of the namespace applies to sessions without their own',
    needs,
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      await namespace.create({ ttlSeconds: 100 })
      const [plain, own, eternal] = ['plain', 'own', 'eternal'].map((id) => namespace.session(id))
      holds(plain !== undefined && own !== undefined && eternal !== undefined, 'three handles')
      await plain.patch({ a: 1 })
      await own.patch({ a: 1 }, { ttlSeconds: 300 })
      await eternal.patch({ a: 1 }, { ttlSeconds: 0 })
      await runsFromNow(plain, clock, 100, 'info() of a session that states none')
      await runsFromNow(own, clock, 300, 'info() of a session that states its own')
      await isForEver(eternal, 'a session that states 0')
      advance(clock, 99)
      await plain.patch({ b: 1 })
      await runsFromNow(plain, clock, 100, 'info() after another patch')
      advance(clock, 100)
      same(await plain.info(), undefined, 'info() when the namespace’s is over')
      same(await own.getAll(), { a: 1 }, 'getAll() of a session with a longer one of its own')
      holds((await namespace.info())?.ttlSeconds === 100, 'the namespace ended with its session')
      await own.clear()
      await own.patch({ a: 2 })
      await runsFromNow(own, clock, 100, 'info() of a recreated session')
      await namespace.session('empty').patch({})
      same(await namespace.session('empty').info(), undefined, 'info() after an empty patch')
    },
  },
  {
    row,
    name: 'of a namespace, when changed, applies from a session’s next patch on',
    needs,
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      const own = namespace.session('own')
      await namespace.create({ ttlSeconds: 100 })
      await session.patch({ a: 1, b: 2 })
      await own.patch({ a: 1 }, { ttlSeconds: 300 })
      const before = await session.info()
      advance(clock, 10)
      await namespace.create({ ttlSeconds: 1000 })
      same(await session.info(), before, 'info() after the namespace’s was changed')
      await session.delete('b')
      same(await session.info(), before, 'info() after a delete()')
      await session.patch({})
      await runsFromNow(session, clock, 1000, 'info() after the next patch')
      await own.patch({})
      await runsFromNow(own, clock, 300, 'info() of a session with its own')
      await namespace.create({ ttlSeconds: 20 })
      await runsFromNow(session, clock, 1000, 'info() after the namespace’s was shortened')
      await session.patch({})
      await runsFromNow(session, clock, 20, 'info() after the next patch')
      await namespace.create({ ttlSeconds: 0 })
      await runsFromNow(session, clock, 20, 'info() after the namespace’s was ended')
      await session.patch({})
      await isForEver(session, 'info() after the next patch')
      await namespace.create({ ttlSeconds: 20 })
      advance(clock, 1000)
      await isForEver(session, 'info() before the next patch')
      await session.patch({})
      await runsFromNow(session, clock, 20, 'info() after the next patch')
      advance(clock, 20)
      same(await session.info(), undefined, 'info() when it is over')
    },
  },
  {
    row,
    name: 'of a namespace stays until another is stated, and ends with the namespace',
    needs: ['time-to-live'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const told = async (): Promise<number | undefined> => (await namespace.info())?.ttlSeconds
      await namespace.session('s').patch({ a: 1 })
      same(await told(), undefined, 'info().ttlSeconds of one created by a patch')
      await namespace.create({ ttlSeconds: 100 })
      same(await told(), 100, 'info().ttlSeconds')
      await namespace.create()
      await namespace.create({})
      await namespace.create({ ttlSeconds: undefined })
      await namespace.session('s').patch({ a: 2 }, { ttlSeconds: 7 })
      same(await told(), 100, 'info().ttlSeconds after it was created again')
      await namespace.create({ ttlSeconds: 0 })
      same(await told(), undefined, 'info().ttlSeconds after 0 was stated')
      await namespace.create({ ttlSeconds: 100 })
      await namespace.delete()
      await namespace.create()
      same(await told(), undefined, 'info().ttlSeconds of a recreated one')
    },
  },
  {
    row,
    name: 'a session that is recreated while expired ones are reclaimed is kept',
    needs: ['time-to-live', 'clock'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      const again = ['1', '2', '3', '4'].map((id) => namespace.session(id))
      for (let round = 0; round < 3; round++) {
        await Promise.all(again.map((session) => session.patch({ round }, { ttlSeconds: 60 })))
        advance(clock, 60)
        // A store reclaims after its first write and after every 64th, so during these writes.
        for (let write = 0; write < 70; write++) {
          const others = namespace.session('other').patch({ write })
          const session = again[write % again.length]
          const begun = write >= 60 ? session?.patch({ fresh: write }) : undefined
          await Promise.all([others, begun])
          if (begun !== undefined)
            same(await session?.get('fresh'), write, 'get() after the session was recreated')
        }
        // Let a pending reclaim finish.
        for (let turn = 0; turn < 10; turn++) await eventLoopTurn()
        for (const session of again) {
          holds((await session.get('fresh')) !== undefined, 'a recreated session is gone')
          await session.clear()
        }
      }
    },
  },
  {
    row,
    name: 'is a whole number of seconds from 0 to 10^10',
    needs,
    run: async ({ open, clock }) => {
      const account = (await open()).account('a')
      for (const ttlSeconds of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e10 + 1, 0.1, -0.5]) {
        const namespace = account.namespace(`refused ${ttlSeconds}`)
        const what = `with ttlSeconds ${ttlSeconds}`
        await refuses(
          () => namespace.session('s').patch({ a: 1 }, { ttlSeconds }),
          'invalid-option',
          `patch() ${what}`,
        )
        await refuses(() => namespace.create({ ttlSeconds }), 'invalid-option', `create() ${what}`)
        same(await namespace.info(), undefined, `namespace.info() after calls ${what}`)
      }
      const namespace = account.namespace('n')
      await namespace.create({ ttlSeconds: 1e10 })
      await namespace.session('s').patch({ a: 1 })
      await runsFromNow(namespace.session('s'), clock, 1e10, 'info()')
      await namespace.session('t').patch({ a: 1 }, { ttlSeconds: 1e10 - 1 })
      await runsFromNow(namespace.session('t'), clock, 1e10 - 1, 'info()')
    },
  },
]
