import { same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { advance } from '../test-clock.ts'

const row = 'idempotence'

/** The cases of the row "idempotence". */
export const idempotenceCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'deleting what does not exist is not an error',
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      for (let round = 0; round < 2; round++) {
        await namespace.session('s').delete('p')
        await namespace.session('s').delete(['p', 'q'])
        await namespace.session('s').clear()
        await namespace.delete()
        same(await namespace.info(), undefined, 'info()')
      }
      await namespace.create()
      await namespace.session('s').delete('p')
      await namespace.session('s').clear()
      await namespace.delete()
      await namespace.delete()
      same(await namespace.info(), undefined, 'info()')
    },
  },
  {
    row,
    name: 'creating an existing namespace keeps its sessions and its createdAt',
    needs: ['clock'],
    run: async ({ open, clock }) => {
      const account = (await open()).account('a')
      const createdAt = new Date(clock.now())
      await account.namespace('created').create()
      await account.namespace('begun').session('s').patch({ a: 1 })
      for (let round = 0; round < 3; round++) {
        advance(clock, 3600)
        for (const name of ['created', 'begun']) {
          await account.namespace(name).create()
          await account.namespace(name).session('other').patch({ round })
          same(await account.namespace(name).info(), { name, createdAt }, 'info()')
        }
      }
      same(await account.namespace('begun').session('s').getAll(), { a: 1 }, 'getAll()')
      await account.namespace('created').delete()
      await account.namespace('created').create()
      const again = new Date(clock.now())
      same(
        await account.namespace('created').info(),
        { name: 'created', createdAt: again },
        'info() of a new one',
      )
    },
  },
  {
    row,
    name: 'patching an existing session keeps its createdAt',
    needs: ['clock', 'session-info'],
    run: async ({ openSession, clock }) => {
      const session = await openSession()
      const createdAt = new Date(clock.now())
      for (let round = 0; round < 3; round++) {
        await session.patch({ round })
        await session.patch({})
        same(await session.info(), { id: 'one', createdAt }, 'info()')
        advance(clock, 3600)
      }
    },
  },
]
