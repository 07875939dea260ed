import { testContextStore } from '@context-store/conformance'
import { redisStore } from '@context-store/redis'
import { createCluster, createSentinel, type RedisClusterType, type RedisSentinelType } from '@keyv/redis'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type RedisCluster, startCluster } from '../../../test/redis-servers/cluster.ts'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { type RedisSentinels, startSentinels } from '../../../test/redis-servers/sentinel.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { freshPrefix } from './key-space.ts'

const runs = 15

describe('one node', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  testContextStore({
    test,
    name: 'Redis',
    create: (options) => redisStore({ ...options, url: server.url, keyPrefix: freshPrefix() }),
    runs,
  })
})

describe('Cluster', () => {
  let cluster: RedisCluster
  let client: RedisClusterType
  beforeAll(async () => {
    cluster = await startCluster()
    client = createCluster({ rootNodes: cluster.rootNodes })
    client.on('error', () => {})
    await client.connect()
  })
  afterAll(async () => {
    await client.close()
    await cluster.stop()
  })

  testContextStore({
    test,
    name: 'Redis Cluster',
    create: (options) => redisStore({ ...options, client, keyPrefix: freshPrefix() }),
    runs,
  })
})

describe('Sentinel', () => {
  let sentinels: RedisSentinels
  let client: RedisSentinelType
  beforeAll(async () => {
    sentinels = await startSentinels()
    client = createSentinel({ name: sentinels.name, sentinelRootNodes: sentinels.sentinelRootNodes })
    client.on('error', () => {})
    await client.connect()
  })
  afterAll(async () => {
    await client.close()
    await sentinels.stop()
  })

  testContextStore({
    test,
    name: 'Redis with Sentinel',
    create: (options) => redisStore({ ...options, client, keyPrefix: freshPrefix() }),
    runs,
  })
})
