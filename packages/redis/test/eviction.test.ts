import type { ContextStore } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { answerOf, codeOf } from './answer-of.ts'
import { freshPrefix, keysOf } from './key-space.ts'

async function started(): Promise<{ server: RedisServer; keyPrefix: string; open: () => ContextStore }> {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const open = (): ContextStore => {
    const store = redisStore({ url: server.url, keyPrefix })
    onTestFinished(() => store.close())
    return store
  }
  return { server, keyPrefix, open }
}

/** Removes the matching keys of a store, as a server that runs out of memory may. */
async function evict(server: RedisServer, keyPrefix: string, pattern: RegExp): Promise<void> {
  const keys = (await keysOf(server, keyPrefix)).filter((key) => pattern.test(String(key)))
  expect(keys.length).toBeGreaterThan(0)
  await server.command('DEL', ...keys)
}

const ids = Array.from({ length: 100 }, (_, index) => `s${index}`)

test('a namespace can be deleted after the server has evicted the directory', async () => {
  const { server, keyPrefix, open } = await started()
  const namespace = open().account('1').namespace('orders')
  const left = async (): Promise<string[]> => {
    const found = await Promise.all(
      ids.map(async (id) => ((await namespace.session(id).get('a')) === 1 ? [id] : [])),
    )
    return found.flat()
  }
  await Promise.all(ids.map((id) => namespace.session(id).patch({ a: 1 })))
  await evict(server, keyPrefix, /\{directory\}/)
  expect(await left()).toEqual(ids)
  await namespace.delete()
  expect(await left()).toEqual([])
  expect((await keysOf(server, keyPrefix)).map(String).filter((key) => /\}[sid]\d/.test(key))).toEqual([])
  // Created again, it has none of the former sessions.
  await namespace.session('s0').patch({ b: 1 })
  expect(await namespace.session('s0').getAll()).toEqual({ b: 1 })
  expect(await left()).toEqual([])
})

test('so it can if some buckets know the namespace from before the eviction and some from after', async () => {
  const { server, keyPrefix, open } = await started()
  const namespace = open().account('1').namespace('orders')
  await Promise.all(ids.slice(0, 5).map((id) => namespace.session(id).patch({ a: 1 })))
  await evict(server, keyPrefix, /\{directory\}/)
  await Promise.all(ids.map((id) => namespace.session(id).patch({ a: 1 })))
  await namespace.create({ ttlSeconds: 1000 })
  for (const id of ids) expect(await namespace.session(id).get('a')).toBe(1)
  await namespace.delete()
  for (const id of ids) expect(await namespace.session(id).getAll()).toEqual({})
  expect((await keysOf(server, keyPrefix)).map(String).filter((key) => /\}[sid]\d/.test(key))).toEqual([])
})

test('a generation is never reused, even after the server has evicted the counter', async () => {
  const { server, keyPrefix, open } = await started()
  const namespace = open().account('1').namespace('orders')
  const generations: string[] = []
  const patched = async (id: string): Promise<string> => {
    await namespace.session(id).patch({ a: 1 })
    const keys = (await keysOf(server, keyPrefix)).map(String)
    const key = keys.find((name) => name.endsWith(`}s1:16:orders${id}`)) ?? ''
    generations.push(String(await server.command('GETRANGE', key, '0', '15')))
    return key
  }
  for (let round = 0; round < 6; round++) {
    const key = await patched('s0')
    // A session that the deletion does not find would come back with its generation.
    const copy = (await server.bytes('DUMP', key)) as Buffer
    for (let change = 0; change < 20; change++) await namespace.create({ ttlSeconds: 1000 + change })
    await namespace.delete()
    await patched('between')
    await namespace.delete()
    await evict(server, keyPrefix, round % 2 === 0 ? /\{directory\}/ : /./)
    await server.command('RESTORE', key, '0', copy, 'REPLACE')
    await patched('after')
    expect(await namespace.session('s0').getAll()).toEqual({})
    await namespace.delete()
  }
  expect([...new Set(generations)].sort()).toEqual(generations)
})

test('`ready` rejects if the server may evict any key, but calls work', async () => {
  const { server, open } = await started()
  const store = open()
  await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  await store.ready()
  await server.command('CONFIG', 'SET', 'maxmemory', '100mb')
  expect(await answerOf(() => store.ready())).toEqual({ code: 'unsupported', outcome: 'not-applied' })
  await open().account('1').namespace('orders').session('1').patch({ a: 1 })
  await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
  expect(await codeOf(() => store.ready())).toBe('no error')
})
