import { ContextStoreCache } from '@context-store/langgraph'
import type { CacheFullKey } from '@langchain/langgraph-checkpoint'
import { expect, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'

onEachStore((open) => {
  test('`get` finds values by path and key, with exactly their bytes', async () => {
    const cache = new ContextStoreCache(open().account('agent'))
    const keys: CacheFullKey[] = [
      [['a', 'b'], 'k'],
      [['a,b'], 'k'],
      [['a'], 'b'],
      [[], ''],
      [['x'.repeat(600)], 'y'.repeat(600)],
    ]
    await cache.set(
      keys.map((key, index) => ({ key, value: { index, bytes: new Uint8Array([255, index]) } })),
    )
    await cache.set([{ key: [['bytes'], 'k'], value: new Uint8Array([0, 255]) }])
    expect(await cache.get([...keys, [['none'], 'k']])).toEqual(
      keys.map((key, index) => ({ key, value: { index, bytes: new Uint8Array([255, index]) } })),
    )
    expect(await cache.get([[['bytes'], 'k']])).toEqual([
      { key: [['bytes'], 'k'], value: new Uint8Array([0, 255]) },
    ])
  })

  test('a value has the time to live of the last `set`', async () => {
    let clock = Date.UTC(2026, 0)
    const cache = new ContextStoreCache<number>(open({ now: () => clock }).account('agent'))
    const key: CacheFullKey = [['n'], 'k']
    await cache.set([{ key, value: 1, ttl: 59.5 }])
    clock += 59_999
    expect(await cache.get([key])).toEqual([{ key, value: 1 }])
    clock += 1
    expect(await cache.get([key])).toEqual([])
    await cache.set([{ key, value: 2, ttl: 1 }])
    await cache.set([{ key, value: 3 }])
    clock += 1_000_000
    expect(await cache.get([key])).toEqual([{ key, value: 3 }])
    await cache.set([{ key, value: 4, ttl: 0 }])
    expect(await cache.get([key])).toEqual([])
  })

  test('`clear` clears the given namespaces, or all of the cache and nothing else', async () => {
    const account = open().account('agent')
    const cache = new ContextStoreCache(account)
    await account.namespace('other').session().patch({ a: 1 })
    for (const path of [['a'], ['b'], ['c']]) await cache.set([{ key: [path, 'k'], value: 1 }])
    await cache.clear([['a']])
    const keysLeft = async () =>
      (
        await cache.get([
          [['a'], 'k'],
          [['b'], 'k'],
          [['c'], 'k'],
        ])
      ).map(({ key: [[path]] }) => path)
    expect(await keysLeft()).toEqual(['b', 'c'])
    await cache.clear([])
    expect(await keysLeft()).toEqual([])
    expect(await account.namespace('other').session().get('a')).toBe(1)
  })
})
