import type { ContextStore, Namespace, Properties } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { freshPrefix, keysOf } from './key-space.ts'

const buckets = 16

async function started(): Promise<{ server: RedisServer; keyPrefix: string; namespace: Namespace }> {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const store = redisStore({ url: server.url, keyPrefix })
  onTestFinished(() => store.close())
  return { server, keyPrefix, namespace: store.account('1').namespace('orders') }
}

/** How many of the commands that a listing sends the server has executed. */
async function commands(server: RedisServer): Promise<number> {
  const stats = String(await server.command('INFO', 'commandstats'))
  const counts = stats.matchAll(/cmdstat_(?:evalsha|eval|mget|zrangebylex):calls=(\d+)/g)
  return [...counts].reduce((sum, [, calls]) => sum + Number(calls), 0)
}

/** How many commands a call sends. */
async function roundTrips(server: RedisServer, call: () => Promise<unknown>): Promise<number> {
  const before = await commands(server)
  await call()
  return (await commands(server)) - before
}

test('a listing with properties has the current ones of each session after many patches', async () => {
  const { namespace } = await started()
  const expected = new Map<string, Properties>()
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const session = namespace.session(`s${index}`)
      for (let n = 0; n < 4; n++) await session.patch({ n, '"\\\n': index, [`own${index}`]: [n] })
      expected.set(`s${index}`, { n: 3, '"\\\n': index, [`own${index}`]: [3] })
    }),
  )
  await namespace.session('empty').patch({}, { ttlSeconds: 600 })
  expected.set('empty', {})
  const { items } = await namespace.listSessions({ properties: true })
  expect(new Map(items.map(({ id, properties }) => [id, properties]))).toEqual(expected)
  const names = ['n', 'own7', '__proto__', 'n']
  for await (const { id, properties } of namespace.sessions({ properties: names })) {
    const { n, own7 } = expected.get(id) ?? {}
    expect(properties).toEqual({ ...(n !== undefined && { n }), ...(own7 !== undefined && { own7 }) })
  }
  expect(items.find(({ id }) => id === 'empty')?.ttlSeconds).toBe(600)
})

test('a listing takes two round trips for each bucket, three with properties', async () => {
  const { server, keyPrefix, namespace: written } = await started()
  const ids = Array.from({ length: 300 }, (_, index) => `s${index}`)
  await Promise.all(ids.map((id) => written.session(id).patch({ id })))
  // Another store: the one that wrote may still reclaim.
  const store = redisStore({ url: server.url, keyPrefix })
  onTestFinished(() => store.close())
  const namespace = store.account('1').namespace('orders')
  await namespace.listSessions({ limit: 1 })
  const list = async (options: object): Promise<void> => {
    expect((await namespace.listSessions({ limit: 1000, ...options })).items).toHaveLength(300)
  }
  expect(await roundTrips(server, () => list({}))).toBe(2 * buckets)
  expect(await roundTrips(server, () => list({ properties: true }))).toBe(3 * buckets)
  expect(await roundTrips(server, () => list({ properties: ['id'] }))).toBe(3 * buckets)
  expect(await roundTrips(server, () => namespace.listSessions({ limit: 5, properties: true }))).toBe(3)
})

test('a listing skips expired sessions without a round trip for each', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  let time = 1e12
  const keyPrefix = freshPrefix()
  const open = (): ContextStore => redisStore({ url: server.url, keyPrefix, now: () => time })
  const writer = open()
  const namespace = writer.account('1').namespace('orders')
  await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      namespace.session(`s${index}`).patch({ index }, { ttlSeconds: 1 }),
    ),
  )
  await namespace.session('kept').patch({ a: 1 })
  await writer.close()
  const store = open()
  onTestFinished(() => store.close())
  await store.account('1').namespace('orders').listSessions({ limit: 1 })
  time += 1000
  const list = async (): Promise<void> => {
    const { items } = await store.account('1').namespace('orders').listSessions({ limit: 1 })
    expect(items.map(({ id }) => id)).toEqual(['kept'])
  }
  expect(await roundTrips(server, list)).toBeLessThanOrEqual(2 * buckets)
})

test('a page with properties ends early if the sessions are large, and reads only what it returns', async () => {
  const { server, namespace } = await started()
  const large = 700_000
  const ids = Array.from({ length: 14 }, (_, index) => `s${index}`)
  for (const id of ids) await namespace.session(id).patch({ id, text: 'x'.repeat(large) })
  const sent = async (): Promise<number> =>
    Number(/total_net_output_bytes:(\d+)/.exec(String(await server.command('INFO', 'stats')))?.[1])
  const listed: string[] = []
  const sizes: number[] = []
  let cursor: string | undefined
  do {
    const before = await sent()
    const page = await namespace.listSessions({ limit: 1000, cursor, properties: ['id'] })
    expect((await sent()) - before).toBeLessThan((page.items.length + 0.5) * large)
    listed.push(...page.items.map(({ id, properties }) => (properties.id === id ? id : 'another one’s')))
    sizes.push(page.items.length)
    cursor = page.cursor
  } while (cursor !== undefined)
  expect(listed.sort()).toEqual(ids.sort())
  // 4,000,000 characters are 5.7 sessions: the sixth one ends a page.
  expect(sizes).toEqual([6, 6, 2])
  expect((await namespace.listSessions({ limit: 1000 })).items).toHaveLength(14)
})

test('a damaged session fails a listing with properties, whose error names it', async () => {
  const { server, keyPrefix, namespace } = await started()
  await Promise.all(['a', 'b', 'c'].map((id) => namespace.session(id).patch({ id })))
  const key = (await keysOf(server, keyPrefix)).map(String).find((each) => each.endsWith('ordersb'))
  await server.command('APPEND', key ?? '', 'x')
  await expect(namespace.listSessions({ properties: true })).rejects.toMatchObject({
    code: 'corrupt',
    address: { account: '1', namespace: 'orders', session: 'b' },
  })
  await namespace.session('b').clear()
  expect((await namespace.listSessions({ properties: ['id'] })).items).toHaveLength(2)
})
