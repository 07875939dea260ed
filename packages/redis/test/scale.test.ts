import { redisStore } from '@context-store/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { freshPrefix, lastingKeys } from './key-space.ts'

const sessions = 100_000

test('a namespace of 100,000 sessions is listed page by page and deleted in short steps', async () => {
  const server = await startRedis({ config: ['slowlog-log-slower-than 2000', 'slowlog-max-len 10000'] })
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const store = redisStore({ url: server.url, keyPrefix, timeoutMs: 30_000 })
  onTestFinished(() => store.close())
  const namespace = store.account('1').namespace('large')
  const kept = store.account('1').namespace('kept')
  await kept.session('a').patch({ a: 1 })
  let begun = 0
  const fill = async (): Promise<void> => {
    while (begun < sessions) {
      const number = begun++
      await namespace.session(`s${number}`).patch({ number, text: 'a turn of a conversation' })
    }
  }
  await Promise.all(Array.from({ length: 512 }, fill))

  const seen = new Set<string>()
  let [listed, largest] = [0, 0]
  let cursor: string | undefined
  do {
    const page = await namespace.listSessions({ limit: 1000, cursor })
    for (const { id } of page.items) seen.add(id)
    listed += page.items.length
    largest = Math.max(largest, page.items.length)
    cursor = page.cursor
  } while (cursor !== undefined)
  expect({ listed, different: seen.size, isBounded: largest <= 1000 }).toEqual({
    listed: sessions,
    different: sessions,
    isBounded: true,
  })

  await server.command('SLOWLOG', 'RESET')
  const deleted = namespace.delete()
  // Calls during the deletion take effect before or after it, and leave nothing behind.
  const meeting = Array.from({ length: 200 }, (_, index) =>
    namespace.session(`s${index}`).patch({ again: true }),
  )
  await Promise.all([deleted, ...meeting])
  const slowlog = (await server.command('SLOWLOG', 'GET', '10000')) as [number, number, number, string[]][]
  const slowest = Math.max(0, ...slowlog.map(([, , microseconds]) => microseconds))
  console.log(`the slowest command took ${slowest} microseconds; ${slowlog.length} took more than 2000`)
  expect(slowest).toBeLessThan(50_000)

  const left: string[] = []
  for await (const { id } of namespace.sessions()) left.push(id)
  expect(left.length).toBeLessThanOrEqual(200)
  for (const id of left) expect(await namespace.session(id).getAll()).toEqual({ again: true })
  await namespace.delete()
  await kept.delete()
  expect(await lastingKeys(server, keyPrefix)).toHaveLength(2)
})
