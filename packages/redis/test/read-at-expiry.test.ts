import type { ContextStore, Session } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { createClient } from '@keyv/redis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

const reads: readonly (readonly [string, (session: Session, store: ContextStore) => Promise<unknown>])[] = [
  ['getAll', (session) => session.getAll()],
  ['get', (session) => session.get('extended')],
  ['info', (session) => session.info()],
  [
    'listSessions',
    async (_session, store) => {
      const namespace = store.account(address.account).namespace(address.namespace)
      return (await namespace.listSessions({ properties: true })).items[0]
    },
  ],
]

test.each(reads)(
  '%s: a read that began earlier finds a session whose life is extended before its expiry',
  async (_, read) => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const other = redisStore({ url: server.url, now: () => 1000 })
    onTestFinished(() => other.close())
    const written = other.session(address)
    await written.patch({ extended: false }, { ttlSeconds: 1 })
    const client = createClient({ url: server.url })
    await client.connect()
    onTestFinished(() => client.close())
    let time = 1000
    const send = client.sendCommand.bind(client)
    vi.spyOn(client, 'sendCommand').mockImplementation(async (args, options) => {
      const reply = await send(args, options)
      if (args[0] !== 'MGET') return reply
      await written.patch({ extended: true }, { ttlSeconds: 60 })
      time = 2000
      return reply
    })
    const reader = redisStore({ client, now: () => time })
    await reader.ready()
    expect(await read(reader.session(address), reader)).toSatisfy(isThere)
    expect(time).toBe(2000)
  },
)

test.each(reads)(
  '%s: a session whose life is extended while the read asks the server for its time is found',
  async (_, read) => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const other = redisStore({ url: server.url })
    onTestFinished(() => other.close())
    const written = other.session(address)
    await written.patch({ extended: false }, { ttlSeconds: 50 })
    const client = createClient({ url: server.url })
    await client.connect()
    onTestFinished(() => client.close())
    const send = client.sendCommand.bind(client)
    vi.spyOn(client, 'sendCommand').mockImplementation(async (args, options) => {
      if (args[0] !== 'TIME') return send(args, options)
      // Another client extends the session's life, and then the first expiry passes.
      await written.patch({ extended: true }, { ttlSeconds: 3600 })
      return [String(Math.floor(Date.now() / 1000) + 60), '0']
    })
    const reader = redisStore({ client })
    await reader.ready()
    // The reader's own clock is ahead, so that it has to ask the server.
    const ahead = Date.now() + 60_000
    vi.spyOn(Date, 'now').mockReturnValue(ahead)
    onTestFinished(() => {
      vi.restoreAllMocks()
    })
    expect(await read(reader.session(address), reader)).toSatisfy(isThere)
  },
)

function isThere(found: unknown): boolean {
  if (typeof found !== 'object' || found === null) return found !== undefined
  return Object.keys(found).length > 0
}
