import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { redisStore } from '@context-store/redis'
import { createCluster } from '@keyv/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startCluster } from '../../../test/redis-servers/cluster.ts'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { freshPrefix } from './key-space.ts'

const names = ['a', 'b', 'c', 'd']
const address = { account: '1', namespace: 'orders', session: 'shared' }
const script = fileURLToPath(new URL('fixtures/patch-side-by-side.mjs', import.meta.url))

async function patchFromFourProcesses(connection: object): Promise<void> {
  const ends = names.map((name) =>
    once(spawn(process.execPath, [script, JSON.stringify(connection), name], { stdio: 'inherit' }), 'exit'),
  )
  expect(await Promise.all(ends)).toEqual(names.map(() => [0, null]))
}

const written = Object.fromEntries([
  ...names.flatMap((name) => Array.from({ length: 16 }, (_, index) => [`${name}-${index}`, index])),
  ['turns', 4 * 25],
])

test('four processes that patch one session on one node lose no write', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const connection = { url: server.url, keyPrefix: freshPrefix() }
  await patchFromFourProcesses(connection)
  const store = redisStore(connection)
  expect(await store.session(address).getAll()).toEqual(written)
  await store.close()
})

test('four processes that patch one session in a Cluster lose no write', async () => {
  const cluster = await startCluster()
  onTestFinished(() => cluster.stop())
  const keyPrefix = freshPrefix()
  await patchFromFourProcesses({ rootNodes: cluster.rootNodes, keyPrefix })
  const client = createCluster({ rootNodes: cluster.rootNodes })
  await client.connect()
  const store = redisStore({ client, keyPrefix })
  expect(await store.session(address).getAll()).toEqual(written)
  await store.close()
  await client.close()
})
