import { absent } from '@context-store/core'
import { refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'

const row = 'patch'

/** The cases of the row "patch". */
export const patchCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'merges: named properties are written, the rest stays',
    run: async ({ openSession }) => {
      const session = await openSession()
      same(await session.patch({ a: 1, b: 'b' }), undefined, 'what patch() resolves to')
      await session.patch({ b: 'B', c: [3] })
      same(await session.getAll(), { a: 1, b: 'B', c: [3] }, 'getAll()')
      await session.patch({})
      same(await session.getAll(), { a: 1, b: 'B', c: [3] }, 'getAll() after an empty patch')
    },
  },
  {
    row,
    name: 'replaces a nested object or array whole',
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ cart: { items: [1, 2, 3], note: 'n', deep: { a: 1, b: 2 } }, list: [1, 2, 3] })
      await session.patch({ cart: { items: [9], deep: { b: 3 } }, list: [4] })
      same(await session.getAll(), { cart: { items: [9], deep: { b: 3 } }, list: [4] }, 'getAll()')
      await session.patch({ cart: {}, list: [] })
      same(await session.getAll(), { cart: {}, list: [] }, 'getAll()')
    },
  },
  {
    row,
    name: 'stores null as a value',
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1, b: null, c: { d: null } })
      await session.patch({ a: null })
      same(await session.getAll(), { a: null, b: null, c: { d: null } }, 'getAll()')
      same(await session.get('a'), null, 'get()')
      same(await session.getMany(['a', 'b', 'x']), { a: null, b: null }, 'getMany()')
    },
  },
  {
    row,
    name: 'replaces a value with one of another type',
    run: async ({ openSession }) => {
      const session = await openSession()
      for (const value of ['text', 1, { a: 1 }, [1], null, false, '', 0, [], {}, '1']) {
        await session.patch({ p: value })
        same(await session.getAll(), { p: value }, 'getAll()')
      }
    },
  },
  {
    row,
    name: 'removes properties with absent, while it writes others',
    needs: ['removals'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1, b: 2, c: 3 })
      await session.patch({ a: absent, b: 'two', d: 4, never: absent })
      same(await session.getAll(), { b: 'two', c: 3, d: 4 }, 'getAll()')
      same(await session.get('a'), undefined, 'get() of what was removed')
      same(await session.getMany(['a', 'b', 'never']), { b: 'two' }, 'getMany()')
      await session.patch({ a: 'again' })
      same(
        await session.getAll(),
        { a: 'again', b: 'two', c: 3, d: 4 },
        'getAll() after it was written again',
      )
    },
  },
  {
    row,
    name: 'does not change properties that are undefined',
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1 })
      await session.patch({ a: undefined, b: undefined, c: 2 })
      same(await session.getAll(), { a: 1, c: 2 }, 'getAll()')
    },
  },
  {
    row,
    name: 'writes several hundred properties at once',
    run: async ({ openSession }) => {
      const session = await openSession()
      const many = (value: string): [string, string][] =>
        Array.from({ length: 400 }, (_, i) => [`p${i}`, `${value}${i}`])
      await session.patch(Object.fromEntries(many('old')))
      const half = Object.fromEntries(many('new').filter((_, index) => index % 2 === 0))
      await session.patch(half)
      same(await session.getAll(), { ...Object.fromEntries(many('old')), ...half }, 'getAll()')
    },
  },
  {
    row,
    name: 'is all or nothing',
    run: async ({ open, documentLength }) => {
      const session = (await open()).account('a').namespace<{ [name: string]: unknown }>('n').session('s')
      await session.patch({ a: 1, b: 2 })
      const tooLarge = 'x'.repeat(documentLength)
      await refuses(() => session.patch({ a: 2, c: Number.NaN, d: 4 }), 'invalid-value', 'patch() with a NaN')
      await refuses(
        () => session.patch({ a: 2, '\ud800': 1, d: 4 }),
        'invalid-address',
        'patch() with a bad name',
      )
      await refuses(
        () => session.patch({ a: 2, c: tooLarge, d: 4 }),
        'too-large',
        'patch() that is too large',
      )
      same(await session.getAll(), { a: 1, b: 2 }, 'getAll()')
    },
  },
  {
    row,
    name: 'of 64 different properties at the same time writes all 64',
    run: async ({ open }) => {
      const store = await open()
      const address = { account: 'a', namespace: 'n', session: 's' }
      const kept = store.session(address)
      const names = Array.from({ length: 64 }, (_, index) => `p${index}`)
      await Promise.all(
        names.map((name, index) =>
          (index % 2 === 0 ? kept : store.session(address)).patch({ [name]: index, last: index }),
        ),
      )
      const all = await kept.getAll()
      same(all.last, 63, 'the property that all wrote: the last writer wins')
      const { last: _, ...rest } = all
      same(rest, Object.fromEntries(names.map((name, index) => [name, index])), 'getAll()')
    },
  },
  {
    row,
    name: 'works the same through any handle',
    run: async ({ open }) => {
      const store = await open()
      const kept = store.account('a').namespace('n').session('s')
      const other = store.session({ account: 'a', namespace: 'n', session: 's' })
      await kept.patch({ a: 1 })
      await other.patch({ b: 2 })
      same(await kept.getAll(), { a: 1, b: 2 }, 'getAll()')
      await other.clear()
      same(await kept.getAll(), {}, 'getAll() after clear() through another handle')
      await kept.patch({ c: 3 })
      same(await other.getAll(), { c: 3 }, 'getAll() after a patch through the kept handle')
      await store.account('a').namespace('n').delete()
      same(await kept.getAll(), {}, 'getAll() after the namespace was deleted')
      await kept.patch({ d: 4 })
      same(await other.getAll(), { d: 4 }, 'getAll() after a patch into the deleted namespace')
    },
  },
  {
    row,
    name: 'has delete() as its counterpart, which removes several at once',
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1, b: 2, c: 3, d: 4 })
      same(await session.delete('a'), undefined, 'what delete() resolves to')
      await session.delete(['b', 'never', 'd'])
      same(await session.getAll(), { c: 3 }, 'getAll()')
      await session.clear()
      same(await session.getAll(), {}, 'getAll() after clear()')
    },
  },
]
