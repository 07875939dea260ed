import { redisStore } from '@context-store/redis'
import { createCluster, createSentinel } from '@keyv/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startCluster } from '../../../test/redis-servers/cluster.ts'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { polled } from '../../../test/redis-servers/polling.ts'
import { startSentinels } from '../../../test/redis-servers/sentinel.ts'
import { freshPrefix, keysOf } from './key-space.ts'
import { PatchStream } from './patch-stream.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const timeoutMs = 2000

/** The outcomes of a stream, for the log. */
function report(name: string, stream: PatchStream): void {
  console.log(`${name}, seed ${seed}: ${JSON.stringify(stream.counts)}`)
}

test('after a restart from its AOF, a killed server has every acknowledged patch', async () => {
  const server = await startRedis({ config: ['appendonly yes', 'appendfsync always'] })
  onTestFinished(() => server.stop())
  const store = redisStore({ url: server.url, keyPrefix: freshPrefix(), timeoutMs })
  const stream = new PatchStream(store, seed)
  for (let kill = 0; kill < 3; kill++) {
    await stream.acknowledges(500)
    await server.kill()
    await server.restart()
  }
  await stream.acknowledges(500)
  await stream.end()
  report('killed', stream)
  await stream.isKept()
  await store.close()
})

test('a failover by Sentinel keeps every patch that the replicas confirmed', async () => {
  const sentinels = await startSentinels()
  onTestFinished(() => sentinels.stop())
  const client = createSentinel({
    name: sentinels.name,
    sentinelRootNodes: sentinels.sentinelRootNodes,
  })
  client.on('error', () => {})
  await client.connect()
  const store = redisStore({ client, keyPrefix: freshPrefix(), timeoutMs, waitForReplicas: 2 })
  const stream = new PatchStream(store, seed)
  await stream.acknowledges(100)
  await sentinels.failOver()
  await stream.acknowledges(100)

  const killed = await sentinels.master()
  await killed.kill()
  await sentinels.ready()
  expect(await sentinels.master()).not.toBe(killed)
  // Two replicas can confirm once the killed one is back.
  await killed.restart()
  await sentinels.ready()
  await stream.acknowledges(100)
  await stream.end()
  report('failed over', stream)
  await stream.isKept()
  await store.close()
  await client.close()
})

test('while a slot moves between primaries and back, no acknowledged patch is lost', async () => {
  const cluster = await startCluster({ replicas: 0 })
  onTestFinished(() => cluster.stop())
  const client = createCluster({ rootNodes: cluster.rootNodes })
  client.on('error', () => {})
  await client.connect()
  const keyPrefix = freshPrefix()
  const store = redisStore({ client, keyPrefix, timeoutMs })
  const stream = new PatchStream(store, seed, { sessions: 1000 })
  await stream.acknowledges(2000)

  const [first, second, third] = cluster.nodes
  if (first === undefined || second === undefined || third === undefined) throw new Error('three masters')
  const slotsInUse = new Map<number, number>()
  for (const key of await keysOf(first, keyPrefix)) {
    const slot = Number(await first.command('CLUSTER', 'KEYSLOT', key))
    slotsInUse.set(slot, (slotsInUse.get(slot) ?? 0) + 1)
  }
  const [slot] = [...slotsInUse].sort((a, b) => b[1] - a[1])[0] ?? []
  if (slot === undefined) throw new Error('the store has no key on the first node')
  for (const to of [second, third, first]) {
    const move = await cluster.beginMove(slot, to)
    // A few at a time, so that there are scripts while each node has some keys of the slot.
    while ((await move.moveKeys(10)) > 0) await stream.acknowledges(20)
    await stream.acknowledges(100)
    await move.finish()
    await stream.acknowledges(100)
  }
  await stream.end()
  report('slot moved', stream)
  await stream.isKept()
  await store.close()
  await client.close()
})

test('a Cluster whose primary is killed keeps every patch that its replica confirmed', async () => {
  const cluster = await startCluster()
  onTestFinished(() => cluster.stop())
  const client = createCluster({ rootNodes: cluster.rootNodes })
  client.on('error', () => {})
  await client.connect()
  const store = redisStore({ client, keyPrefix: freshPrefix(), timeoutMs, waitForReplicas: 1 })
  const stream = new PatchStream(store, seed)
  await stream.acknowledges(500)
  const [killed] = cluster.nodes
  await killed?.kill()
  await cluster.ready()
  await stream.acknowledges(100)
  await killed?.restart()
  await cluster.ready()
  await polled('every master has a replica again', async () => {
    const counts = await Promise.all(
      (await cluster.masters()).map(async (node) => String(await node.command('INFO', 'replication'))),
    )
    return counts.every((info) => info.includes('connected_slaves:1')) || undefined
  })
  await stream.acknowledges(500)
  await stream.end()
  report('master killed', stream)
  await stream.isKept()
  await store.close()
  await client.close()
})

test('a Cluster whose primary is gone permanently works again once its replica was promoted', async () => {
  const cluster = await startCluster()
  onTestFinished(() => cluster.stop())
  const client = createCluster({ rootNodes: cluster.rootNodes })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.destroy())
  const store = redisStore({ client, keyPrefix: freshPrefix(), timeoutMs: 500 })
  onTestFinished(() => store.close())
  const namespace = store.account('1').namespace('orders')
  const sessions = Array.from({ length: 64 }, (_, id) => namespace.session(`${id}`))
  await Promise.all(sessions.map((session) => session.patch({ a: 1 })))
  await cluster.nodes[0]?.kill()
  await cluster.ready()
  const patchedAgain = sessions.map((session) =>
    polled(
      'patched again',
      async () => {
        await session.patch({ b: 1 })
        return true
      },
      20_000,
    ),
  )
  expect(await Promise.all(patchedAgain)).toEqual(sessions.map(() => true))
})
