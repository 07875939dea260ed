import { ContextStoreMemories } from '@context-store/langgraph'
import { memoryStore } from '@context-store/memory'
import { InMemoryStore, type SearchItem } from '@langchain/langgraph-checkpoint'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'

const keysOf = (items: SearchItem[]) => items.map(({ key }) => key).sort()

/** Waits for the clock to advance, so that two writes have different times. */
function untilTheNextMillisecond(): void {
  const before = Date.now()
  while (Date.now() === before);
}

onEachStore((open) => {
  test('`put` creates or replaces a whole item, `get` reads it, `delete` deletes it', async () => {
    const memories = new ContextStoreMemories(open().account('agent'))
    expect(await memories.get(['users', 'ann'], 'likes')).toBeNull()
    await memories.put(['users', 'ann'], 'likes', { food: 'tea', since: 2020 })
    const first = await memories.get(['users', 'ann'], 'likes')
    expect(first).toMatchObject({
      namespace: ['users', 'ann'],
      key: 'likes',
      value: { food: 'tea', since: 2020 },
    })
    untilTheNextMillisecond()
    await memories.put(['users', 'ann'], 'likes', { food: 'milk' }, false)
    const second = await memories.get(['users', 'ann'], 'likes')
    expect(second?.value).toEqual({ food: 'milk' })
    expect(second?.createdAt).toEqual(first?.createdAt)
    expect(second?.updatedAt.getTime()).toBeGreaterThan(first?.updatedAt.getTime() ?? Number.NaN)
    await memories.delete(['users', 'ann'], 'likes')
    expect(await memories.get(['users', 'ann'], 'likes')).toBeNull()
  })

  test('`search` finds items under a prefix, label by label, and filters them', async () => {
    const memories = new ContextStoreMemories(open().account('agent'))
    await memories.put(['users', 'ann'], 'a', { age: 20, city: 'rome' })
    await memories.put(['users', 'ann', 'notes'], 'b', { age: 30, city: 'oslo' })
    await memories.put(['users', 'anna'], 'c', { age: 40, city: 'rome' })
    await memories.put(['users-ann'], 'd', { age: 50, city: 'rome' })
    expect(keysOf(await memories.search(['users', 'ann']))).toEqual(['a', 'b'])
    expect(keysOf(await memories.search(['users']))).toEqual(['a', 'b', 'c'])
    expect(keysOf(await memories.search([]))).toEqual(['a', 'b', 'c', 'd'])
    expect(keysOf(await memories.search([], { filter: { city: 'rome', age: { $gte: 40 } } }))).toEqual([
      'c',
      'd',
    ])
    expect(keysOf(await memories.search([], { filter: { age: { $in: [20, 30] } } }))).toEqual(['a', 'b'])
    const pages = [0, 2].map((offset) => memories.search([], { limit: 2, offset }))
    expect(keysOf((await Promise.all(pages)).flat())).toEqual(['a', 'b', 'c', 'd'])
  })

  test('`search` returns the most recently updated first, also under paths that are too long for a name', async () => {
    const memories = new ContextStoreMemories(open().account('agent'))
    const long = ['users', 'x'.repeat(600)]
    for (const [path, key] of [
      [long, 'a'],
      [long, 'c'],
      [['users', 'y'], 'b'],
      [long, 'a'],
    ] as const) {
      untilTheNextMillisecond()
      await memories.put([...path], key, { of: key })
    }
    const orderOf = async (prefix: string[], options: object) =>
      (await memories.search(prefix, options)).map(({ key }) => key)
    expect(await orderOf(['users'], {})).toEqual(['a', 'b', 'c'])
    expect(await orderOf(['users'], { limit: 1, offset: 1 })).toEqual(['b'])
    expect(await orderOf(['users'], { limit: 0 })).toEqual([])
    expect(await orderOf(long, {})).toEqual(['a', 'c'])
    expect(await memories.listNamespaces({ prefix: ['users'] })).toEqual([long, ['users', 'y']])
  })

  test('`listNamespaces` lists paths that have items, by prefix, suffix and depth', async () => {
    const memories = new ContextStoreMemories(open().account('agent'))
    for (const path of [['users', 'ann', 'notes'], ['users', 'bob', 'notes'], ['docs']])
      await memories.put(path, 'k', { a: 1 })
    await memories.put(['gone'], 'k', { a: 1 })
    await memories.delete(['gone'], 'k')
    expect(await memories.listNamespaces()).toEqual([
      ['docs'],
      ['users', 'ann', 'notes'],
      ['users', 'bob', 'notes'],
    ])
    expect(await memories.listNamespaces({ prefix: ['users', '*'], maxDepth: 1 })).toEqual([['users']])
    expect(await memories.listNamespaces({ suffix: ['notes'], limit: 1, offset: 1 })).toEqual([
      ['users', 'bob', 'notes'],
    ])
  })

  test('`batch` runs all reads before the writes, and of several writes to one item only the last', async () => {
    const memories = new ContextStoreMemories(open().account('agent'))
    const at = { namespace: ['n'], key: 'k' }
    const results = await memories.batch([
      { ...at, value: { a: 1 } },
      at,
      { ...at, value: { a: 2 } },
      { namespacePrefix: ['n'] },
    ])
    expect(results).toEqual([undefined, null, undefined, []])
    expect((await memories.get(['n'], 'k'))?.value).toEqual({ a: 2 })
  })
})

test('paths with any labels are distinct', async () => {
  const memories = new ContextStoreMemories(memoryStore().account('agent'))
  const paths = [['a', 'b'], ['a.b'], ['a:b'], ['a","b'], ['["a","b"]'], ['a', 'b', 'k']]
  await memories.batch(paths.map((namespace) => ({ namespace, key: 'k', value: { of: namespace } })))
  for (const namespace of paths) {
    const [item] = await memories.batch([{ namespace, key: 'k' }])
    expect(item?.value).toEqual({ of: namespace })
  }
})

test('operations that need vector search are refused, and nothing is written', async () => {
  const memories = new ContextStoreMemories(memoryStore().account('agent'))
  await expect(memories.search(['n'], { query: 'tea' })).rejects.toMatchObject({ code: 'unsupported' })
  await expect(memories.put(['n'], 'k', { a: 1 }, ['a'])).rejects.toMatchObject({ code: 'unsupported' })
  await expect(memories.put([], 'k', { a: 1 })).rejects.toThrow(/[Nn]amespace/)
  expect(await memories.search([])).toEqual([])
})

test('random puts, deletions and searches have the same results as in LangGraph’s InMemoryStore', async () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 })
  const key = fc.constantFrom('k', 'l')
  const step = fc.record({
    path,
    key,
    value: fc.option(fc.dictionary(fc.constantFrom('x', 'y'), fc.integer({ max: 3 }))),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), path, async (steps, prefix) => {
      const [ours, model] = [new ContextStoreMemories(memoryStore().account('agent')), new InMemoryStore()]
      for (const { path, key, value } of steps) {
        for (const each of [ours, model]) {
          if (value === null) await each.delete(path, key)
          else await each.put(path, key, value)
        }
      }
      const found = (items: SearchItem[]) =>
        items
          .map(({ namespace, key, value }) => JSON.stringify([namespace, key, Object.entries(value).sort()]))
          .sort()
      for (const each of [[], prefix]) {
        expect(found(await ours.search(each, { limit: 100 }))).toEqual(
          found(await model.search(each, { limit: 100 })),
        )
      }
      const options = { filter: { x: { $lt: 2 } }, limit: 100 }
      expect(found(await ours.search([], options))).toEqual(found(await model.search([], options)))
    }),
    { numRuns: 100 },
  )
})
