import type { Properties } from '@context-store/core'
import { same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'

const row = 'order of effects'

/** The cases of the row "order of effects" without random calls. */
export const orderOfEffectsCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'calls of one store on one session take effect in the order they were made, awaited or not',
    run: async ({ open }) => {
      const store = await open()
      const address = { account: 'a', namespace: 'n', session: 's' }
      const kept = store.session(address)
      const reads: Promise<Partial<Properties>>[] = []
      const done: Promise<unknown>[] = []
      for (let index = 0; index < 100; index++) {
        done.push((index % 2 === 0 ? kept : store.session(address)).patch({ last: index }))
        reads.push((index % 3 === 0 ? kept : store.session(address)).getAll())
      }
      const found = await Promise.all(reads)
      await Promise.all(done)
      const expected = found.map((_, index) => ({ last: index }))
      same(found, expected, 'getAll() behind each patch')
    },
  },
  {
    row,
    name: 'the first calls are not reordered while the store opens',
    run: async ({ open }) => {
      const session = (await open()).session({ account: 'a', namespace: 'n', session: 's' })
      const done = [
        session.patch({ a: 1, b: 1 }),
        session.patch({ a: 2 }),
        session.delete('b'),
        session.patch({ c: 3 }),
        session.clear(),
        session.patch({ d: 4 }),
        session.patch({ d: 5 }),
        session.patch({ e: 'last' }),
      ]
      const read = session.getAll()
      const one = session.get('d')
      await Promise.all(done)
      same(await read, { d: 5, e: 'last' }, 'getAll(), called after the writes')
      same(await one, 5, 'get(), called after the writes')
      same(await session.getAll(), { d: 5, e: 'last' }, 'getAll()')
    },
  },
  {
    row,
    name: 'a refused call does not delay later ones, and has no effect',
    run: async ({ open, documentLength }) => {
      const session = (await open()).session({ account: 'a', namespace: 'n', session: 's' })
      const first = session.patch({ a: 1 })
      const refused = session.patch({ a: Number.NaN, b: 1 }).catch(() => 'refused')
      const tooLarge = session.patch({ a: 'x'.repeat(documentLength) }).catch(() => 'too large')
      const last = session.patch({ c: 3 })
      const answers = await Promise.all([first, refused, tooLarge, last])
      same(answers, [undefined, 'refused', 'too large', undefined], 'the answers')
      same(await session.getAll(), { a: 1, c: 3 }, 'getAll()')
    },
  },
]
