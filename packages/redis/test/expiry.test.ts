import type { ContextStore } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { polled } from '../../../test/redis-servers/polling.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { freshPrefix, keysOf, lastingKeys } from './key-space.ts'

test("a session that expires by the server's clock is gone, and its storage is freed", async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const store = redisStore({ url: server.url, keyPrefix })
  onTestFinished(() => store.close())
  const namespace = store.account('1').namespace('orders')
  await namespace.create({ ttlSeconds: 1 })
  const ofOrders = async (): Promise<string[]> =>
    (await keysOf(server, keyPrefix)).map(String).filter((key) => key.includes('orders'))
  const before = (await ofOrders()).length
  const kept = namespace.session('kept')
  await kept.patch({ a: 1 }, { ttlSeconds: 0 })
  const handles = Array.from({ length: 50 }, (_, index) => namespace.session(`${index}`))
  await Promise.all(handles.map((handle, index) => handle.patch({ index, twin: index })))
  const info = await handles[0]?.info()
  expect(info?.ttlSeconds).toBe(1)
  await Promise.all(
    handles.map((handle, index) =>
      polled('expired', async () => {
        const found = await handle.getAll()
        if (Object.keys(found).length === 0) return true
        expect(found).toEqual({ index, twin: index })
        return undefined
      }),
    ),
  )
  expect(await handles[0]?.info()).toBeUndefined()
  expect((await namespace.listSessions()).items.map(({ id }) => id)).toEqual(['kept'])
  expect(await kept.getAll()).toEqual({ a: 1 })
  await handles[0]?.patch({ anew: true }, { ttlSeconds: 0 })
  expect(await handles[0]?.getAll()).toEqual({ anew: true })
  await handles[0]?.clear()
  await kept.clear()
  // Only writes make a store reclaim: nothing runs by itself.
  const other = store.account('1').namespace('other').session('writes')
  await polled('nothing left behind', async () => {
    await Promise.all(Array.from({ length: 64 }, (_, index) => other.patch({ index })))
    return (await ofOrders()).length <= before || undefined
  })
})

test('deleting everything leaves only the keys that every store has', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const store = redisStore({ url: server.url, keyPrefix })
  onTestFinished(() => store.close())
  await store.ready()
  for (const account of ['1', '2']) {
    for (const name of ['orders', 'returns']) {
      const namespace = store.account(account).namespace(name)
      await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          namespace.session(`${index}`).patch({ index }, index % 3 === 0 ? { ttlSeconds: 3600 } : {}),
        ),
      )
      for (const id of ['0', '1', '2']) await namespace.session(id).clear()
      for (const id of ['3', '4', '5']) await namespace.session(id).delete(['index'])
      await namespace.delete()
    }
  }
  const accounts: string[] = []
  for await (const account of store.accounts()) accounts.push(account)
  expect(accounts).toEqual([])
  expect(await lastingKeys(server, keyPrefix)).toEqual([
    `${keyPrefix}{directory}layout`,
    `${keyPrefix}{directory}revision`,
  ])
})

/** The number of entries in all indexes of sessions. */
async function indexed(server: RedisServer, keyPrefix: string): Promise<number> {
  const indexes = (await keysOf(server, keyPrefix)).map(String).filter((key) => /\}i\d/.test(key))
  const counts = await Promise.all(indexes.map((key) => server.command('ZCARD', key)))
  return counts.reduce<number>((sum, count) => sum + Number(count), 0)
}

test('programs that write once and exit free expired sessions, also in other namespaces', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  let time = 1e12
  const open = (): ContextStore => redisStore({ url: server.url, keyPrefix, now: () => time })
  const first = open()
  const names = ['orders', 'returns', 'offers']
  await Promise.all(
    Array.from({ length: 1200 }, (_, index) =>
      first
        .account('1')
        .namespace(names[index % names.length] ?? '')
        .session(`${index}`)
        .patch({ index }, { ttlSeconds: 1 }),
    ),
  )
  await first.close()
  const before = await indexed(server, keyPrefix)
  expect(before).toBeGreaterThan(1000)
  time += 1000
  for (let run = 0; run < 150; run++) {
    const store = open()
    await store.account('1').namespace('orders').session('kept').patch({ run })
    await store.close()
  }
  // Each run looks at one of 48 buckets: fewer than one in three of them are missed by 150 runs.
  expect(await indexed(server, keyPrefix)).toBeLessThan(before / 3)
  const again = open()
  onTestFinished(() => again.close())
  expect(await again.account('1').namespace('orders').session('kept').getAll()).toEqual({ run: 149 })
})

test('a program that writes once and exits continues an interrupted deletion', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const open = (): ContextStore => redisStore({ url: server.url, keyPrefix })
  const first = open()
  const orders = first.account('1').namespace('orders')
  await Promise.all(Array.from({ length: 5000 }, (_, index) => orders.session(`${index}`).patch({ index })))
  await first.account('1').namespace('kept').session('a').patch({ a: 1 })
  await first.close()
  // As after a process that ended after it had removed the namespace from the directory.
  const directory = `${keyPrefix}{directory}`
  const record = String(await server.command('HGET', `${directory}records:1`, 'orders'))
  await server.command('HDEL', `${directory}records:1`, 'orders')
  await server.command('ZREM', `${directory}names:1`, 'orders')
  const revision = String(await server.command('INCR', `${directory}revision`))
  await server.command('HSET', `${directory}ending`, '1:16:orders', `${record.slice(0, 16)} ${revision}`)
  let runs = 0
  const isLeft = async (): Promise<boolean> =>
    (await keysOf(server, keyPrefix)).some((key) => /\}[sid]1:16:orders/.test(String(key)))
  while (await isLeft()) {
    const store = open()
    await store.account('1').namespace('kept').session('a').patch({ runs: ++runs })
    await store.close()
  }
  // In steps: 5,000 sessions are more than one run removes.
  expect(runs).toBeGreaterThan(2)
  expect(runs).toBeLessThan(20)
})

test('deleting properties around the expiry of a session does not prolong it', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const store = redisStore({ url: server.url, keyPrefix })
  onTestFinished(() => store.close())
  const namespace = store.account('1').namespace('orders')
  const names = Array.from({ length: 400 }, (_, index) => `p${index}`)
  const properties = Object.fromEntries(names.map((name) => [name, name]))
  // One after the other, so that each ends at a different time.
  const sessions = Array.from({ length: 32 }, (_, index) => namespace.session(`s${index}`))
  for (const session of sessions) await session.patch(properties, { ttlSeconds: 1 })
  const keys = (await keysOf(server, keyPrefix)).filter((key) => /s\d+$/.test(String(key)))
  expect(keys).toHaveLength(sessions.length)
  const livesFor = async (): Promise<number[]> =>
    (await Promise.all(keys.map((key) => server.command('PTTL', key)))).map(Number)
  await polled('near the end of the first', async () => Math.min(...(await livesFor())) < 100 || undefined)
  // Continuously, and never the last property, until the server reports that none has time left.
  let gone = false
  const deletions = sessions.map(async (session) => {
    for (const name of names.slice(1)) if (!gone) await session.delete(name)
  })
  const lives = await polled('over', async () => {
    const found = await livesFor()
    return found.every((life) => life < 0) ? found : undefined
  })
  gone = true
  await Promise.all(deletions)
  // Gone; -1 would mean no expiry.
  expect(lives).toEqual(keys.map(() => -2))
  for (const session of sessions) {
    expect(await session.info()).toBeUndefined()
    expect(await session.getAll()).toEqual({})
  }
})

test("a read by the server's clock never shows a session that has expired for writes", async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const open = (now?: () => number): ContextStore => {
    const store = redisStore({ url: server.url, keyPrefix, now })
    onTestFinished(() => store.close())
    return store
  }
  // The engine keeps the strings of a store with its own clock a day longer.
  const past = open(() => Date.now() - 60_000)
    .account('1')
    .namespace('orders')
  await past.session('over').patch({ a: 1 }, { ttlSeconds: 30 })
  await past.session('lasts').patch({ a: 1 }, { ttlSeconds: 600 })
  const namespace = open().account('1').namespace('orders')
  expect(await namespace.session('over').getAll()).toEqual({})
  expect(await namespace.session('over').get('a')).toBeUndefined()
  expect(await namespace.session('over').info()).toBeUndefined()
  expect(await namespace.session('over').patchIf({ a: 1 }, { b: 1 })).toEqual({ ok: false, current: {} })
  expect(await namespace.session('lasts').getAll()).toEqual({ a: 1 })
  expect((await namespace.listSessions({ properties: true })).items.map(({ id }) => id)).toEqual(['lasts'])
})
