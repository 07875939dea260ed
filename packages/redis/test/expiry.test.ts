import { redisStore } from '@context-store/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { polled } from '../../../test/redis-servers/polling.ts'
import { freshPrefix, keysOf, lastingKeys } from './key-space.ts'

test('a session that expires by the clock of the server is gone whole, and so is what it took', async () => {
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
  // Writes are what makes a store reclaim: nothing runs by itself.
  const other = store.account('1').namespace('other').session('writes')
  await polled('nothing left behind', async () => {
    await Promise.all(Array.from({ length: 64 }, (_, index) => other.patch({ index })))
    return (await ofOrders()).length <= before || undefined
  })
})

test('nothing stays of what is deleted but what every store has', async () => {
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
