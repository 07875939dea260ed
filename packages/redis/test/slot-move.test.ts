import { redisStore } from '@context-store/redis'
import { createCluster } from '@keyv/redis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type RedisCluster, startCluster } from '../../../test/redis-servers/cluster.ts'
import { polled } from '../../../test/redis-servers/polling.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { freshPrefix, keysOf } from './key-space.ts'

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startCluster({ replicas: 0 })
})
afterAll(() => cluster.stop())

const ids = Array.from({ length: 320 }, (_, index) => `session-${index}`)
const isSession = (key: string): boolean => /session-\d+$/.test(key)

async function begun(ttlSeconds?: number) {
  const client = createCluster({ rootNodes: cluster.rootNodes })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.close())
  const keyPrefix = freshPrefix()
  const namespace = redisStore({ client, keyPrefix, timeoutMs: 20_000 }).account('1').namespace('orders')
  await Promise.all(ids.map((id) => namespace.session(id).patch({ id }, { ttlSeconds })))
  return { keyPrefix, namespace }
}

/** How many calls the servers have refused because a slot is moving between them. */
async function refusedForMove(): Promise<number> {
  const stats = await Promise.all((await cluster.masters()).map((node) => node.command('INFO', 'errorstats')))
  const counts = String(stats).matchAll(/errorstat_(?:ASK|TRYAGAIN):count=(\d+)/g)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

/** Waits until a call of the store has reached the moving slot, and cannot continue. */
async function refusedMoreThan(before: number): Promise<void> {
  await polled('refused for the move', async () => (await refusedForMove()) > before || undefined)
}

/** Begins to move the slot of a session: everything in it except the sessions is moved first. */
async function beginMove(keyPrefix: string, one?: string) {
  const [first] = await cluster.masters()
  if (first === undefined) throw new Error('no master')
  const names = async (node: RedisServer): Promise<string[]> => (await keysOf(node, keyPrefix)).map(String)
  const session = one ?? (await names(first)).find(isSession)
  const slot = Number(await first.command('CLUSTER', 'KEYSLOT', session ?? ''))
  const from = await cluster.masterOf(slot)
  const to = (await cluster.masters()).find((node) => node !== from)
  if (to === undefined) throw new Error('one master')
  const move = await cluster.beginMove(slot, to)
  const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', `${slot}`, '1000')) as string[]
  const sessions = keys.filter(isSession)
  expect(sessions.length).toBeGreaterThan(5)
  const others = keys.filter((key) => !isSession(key))
  const send = (some: readonly string[]): Promise<unknown> =>
    from.command('MIGRATE', to.host, `${to.port}`, '', '0', '5000', 'KEYS', ...some)
  await send(others)
  return { move, sessions, send }
}

test('a listing while a slot moves has every session', async () => {
  const { keyPrefix, namespace } = await begun()
  const { move, sessions, send } = await beginMove(keyPrefix)
  await send(sessions.slice(0, 3))
  const listed = async (): Promise<string[]> => {
    const found: string[] = []
    for await (const { id, properties } of namespace.sessions({ properties: true })) {
      expect(properties).toEqual({ id })
      found.push(id)
    }
    return found.sort()
  }
  const before = await refusedForMove()
  const listing = listed()
  await refusedMoreThan(before)
  await send(sessions.slice(3, 5))
  await move.finish()
  expect(await listing).toEqual([...ids].sort())
  expect(await listed()).toEqual([...ids].sort())
})

test('freeing expired sessions while a slot moves leaves the others listed', async () => {
  const { keyPrefix, namespace } = await begun(100_000)
  const { move, sessions } = await beginMove(keyPrefix)
  const elsewhere = ids.filter((id) => !sessions.some((key) => key.endsWith(id))).slice(0, 128)
  for (let turn = 0; turn < 24; turn++) {
    await Promise.all(elsewhere.map((id) => namespace.session(id).patch({ turn })))
  }
  await move.finish()
  const listed: string[] = []
  for await (const { id } of namespace.sessions()) listed.push(id)
  expect(listed.sort()).toEqual([...ids].sort())
})

test('a deletion that is continued while a slot moves leaves no session behind', async () => {
  const { keyPrefix } = await begun()
  const command = async (key: string, ...args: string[]): Promise<unknown> => {
    const [any] = await cluster.masters()
    const node = await cluster.masterOf(Number(await any?.command('CLUSTER', 'KEYSLOT', key)))
    return node.command(...args)
  }
  // As after a process that ended after putting a tombstone into the bucket of a session, before removing anything.
  const [first] = await cluster.masters()
  const key = first && (await keysOf(first, keyPrefix)).map(String).find(isSession)
  if (key === undefined) throw new Error('no session')
  const generation = String(await command(key, 'GETRANGE', key, '0', '15'))
  const ofKind = (kind: string): string => key.replace(/\}s(1:16:orders).*/, `}${kind}$1`)
  await command(key, 'RENAME', ofKind('i'), `${ofKind('d')}${generation}`)
  await command(key, 'SET', ofKind('n'), `${'0'.repeat(16)} 9000000000000000`)
  const sweeping = `${keyPrefix}{directory}sweeping`
  await command(sweeping, 'HSET', sweeping, generation, '1:16:orders')

  const { move, sessions, send } = await beginMove(keyPrefix, key)
  await send(sessions.slice(0, 3))
  const client = createCluster({ rootNodes: cluster.rootNodes })
  client.on('error', () => {})
  onTestFinished(() => client.close())
  const store = redisStore({ client, keyPrefix, timeoutMs: 20_000 })
  const other = store.account('1').namespace('other').session('writes')
  const before = await refusedForMove()
  // The first write of a store continues a deletion, and `close` waits for it.
  await other.patch({ a: 1 })
  const isOver = store.close()
  await refusedMoreThan(before)
  await move.finish()
  await isOver
  const keys = await Promise.all((await cluster.masters()).map((node) => keysOf(node, keyPrefix)))
  const left = keys.flat().map(String)
  expect(left.filter((name) => sessions.includes(name))).toEqual([])
  expect(left.filter(isSession)).toHaveLength(
    ids.length - sessions.filter((name) => name.startsWith(keyPrefix)).length,
  )
})
