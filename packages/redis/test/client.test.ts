import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { redisStore } from '@context-store/redis'
import KeyvRedis, { createClient, createCluster, createSentinel } from '@keyv/redis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type RedisCluster, startCluster } from '../../../test/redis-servers/cluster.ts'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { type RedisSentinels, startSentinels } from '../../../test/redis-servers/sentinel.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { codeOf } from './answer-of.ts'
import { freshPrefix } from './key-space.ts'

const address = { account: '1', namespace: 'orders', session: '42' }
const writeAndClose = fileURLToPath(new URL('fixtures/write-and-close.mjs', import.meta.url))

let server: RedisServer
let cluster: RedisCluster
let sentinels: RedisSentinels
beforeAll(async () => {
  ;[server, cluster, sentinels] = await Promise.all([
    startRedis(),
    startCluster({ replicas: 0 }),
    startSentinels({ replicas: 1 }),
  ])
})
afterAll(() => Promise.all([server, cluster, sentinels].map((started) => started.stop())))

const clients = {
  createClient: () => createClient({ url: server.url }),
  createCluster: () => createCluster({ rootNodes: cluster.rootNodes }),
  createSentinel: () =>
    createSentinel({ name: sentinels.name, sentinelRootNodes: sentinels.sentinelRootNodes }),
  "a KeyvRedis's client": () => new KeyvRedis(server.url).client,
  "a KeyvRedis's Cluster": () => new KeyvRedis({ rootNodes: cluster.rootNodes }).client,
}
const kinds = Object.keys(clients) as (keyof typeof clients)[]

test.each(kinds)('%s, connected, is used and left open', async (kind) => {
  const client = clients[kind]()
  client.on('error', () => {})
  await client.connect()
  const keyPrefix = freshPrefix()
  const [one, two] = [1, 2].map(() => redisStore({ client, keyPrefix }))
  await one?.session(address).patch({ a: 1, text: 'é\u0000😀' })
  expect(await two?.session(address).getAll()).toEqual({ a: 1, text: 'é\u0000😀' })
  await one?.close()
  await two?.session(address).patch({ a: 2 })
  await two?.close()
  expect(client.isOpen).toBe(true)
  const three = redisStore({ client, keyPrefix })
  expect(await three.session(address).get('a')).toBe(2)
  await three.close()
  await client.close()
})

test.each(kinds)('%s, not yet connected, is connected by the first call', async (kind) => {
  const client = clients[kind]()
  client.on('error', () => {})
  const store = redisStore({ client, keyPrefix: freshPrefix() })
  const session = store.session(address)
  await Promise.all([session.patch({ a: 1 }), session.patch({ b: 2 })])
  expect(await session.getAll()).toEqual({ a: 1, b: 2 })
  await store.close()
  expect(client.isOpen).toBe(true)
  await client.close()
})

test.each(kinds)('%s that the caller closes is unavailable', async (kind) => {
  const client = clients[kind]()
  client.on('error', () => {})
  await client.connect()
  const store = redisStore({ client, keyPrefix: freshPrefix() })
  await store.session(address).patch({ a: 1 })
  await client.close()
  expect(await codeOf(() => store.session(address).get('a'))).toBe('unavailable')
  expect(await codeOf(() => store.session(address).patch({ a: 2 }))).toBe('unavailable')
  await store.close()
})

test('a client that returns buffers, or uses RESP 3, works the same', async () => {
  const keyPrefix = freshPrefix()
  const bytes = createClient({ url: server.url, commandOptions: { typeMapping: { 36: Buffer } } })
  const third = createClient({ url: server.url, RESP: 3 })
  await bytes.connect()
  await third.connect()
  const [one, two] = [redisStore({ client: bytes, keyPrefix }), redisStore({ client: third, keyPrefix })]
  await one.session(address).patch({ a: 1 }, { ttlSeconds: 60 })
  await two.session(address).patch({ b: [null] })
  for (const store of [one, two]) {
    expect(await store.session(address).getAll()).toEqual({ a: 1, b: [null] })
    expect((await store.session(address).info())?.ttlSeconds).toBe(60)
    expect((await store.account('1').namespace('orders').listSessions()).items).toHaveLength(1)
    await store.close()
  }
  await bytes.close()
  await third.close()
})

test("a caller's error listeners are enough, and no permanent one is added", async () => {
  const client = createClient({ url: server.url })
  client.on('error', () => {})
  await client.connect()
  const before = client.listenerCount('error')
  for (let store = 0; store < 20; store++) {
    const opened = redisStore({ client, keyPrefix: freshPrefix() })
    await opened.session(address).patch({ a: 1 })
    await opened.close()
  }
  expect(client.listenerCount('error')).toBe(before)
  await client.close()
})

test('`close` waits for pending calls; after it every call rejects as closed', async () => {
  const keyPrefix = freshPrefix()
  const store = redisStore({ url: server.url, keyPrefix })
  const session = store.session(address)
  const patches = Array.from({ length: 100 }, (_, index) => session.patch({ [`${index}`]: index }))
  await store.close()
  await Promise.all(patches)
  expect(await codeOf(() => session.get('0'))).toBe('closed')
  await store.close()
  const again = redisStore({ url: server.url, keyPrefix })
  expect(Object.keys(await again.session(address).getAll())).toHaveLength(100)
  await again.close()
})

test('`close` works for a store that was never used, or whose server is down', async () => {
  await redisStore({ url: server.url }).close()
  const down = await startRedis()
  await down.stop()
  await redisStore({ url: down.url }).close()
  const tried = redisStore({ url: down.url, timeoutMs: 200 })
  expect(await codeOf(() => tried.ready())).toBe('unavailable')
  await tried.close()
  const untried = redisStore({ url: down.url, timeoutMs: 200 })
  const answer = codeOf(() => untried.session(address).patch({ a: 1 }))
  await untried.close()
  expect(await answer).toBe('unavailable')
})

test('a process that has closed its store exits by itself', async () => {
  const keyPrefix = freshPrefix()
  for (const connection of [{ url: server.url }, { rootNodes: cluster.rootNodes }]) {
    const argument = JSON.stringify({ ...connection, keyPrefix })
    const child = spawn(process.execPath, [writeAndClose, argument], { stdio: 'inherit' })
    expect(await once(child, 'exit')).toEqual([0, null])
  }
  const store = redisStore({ url: server.url, keyPrefix })
  expect(await store.session(address).get('by')).toBe('child')
  await store.close()
})

test('rediss:// is encrypted, and refuses an untrusted certificate', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'context-store-redis-tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...[
      '-keyout',
      key,
      '-out',
      certificate,
      '-subj',
      '/CN=127.0.0.1',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ],
  ])
  const tlsPort = await freePort()
  const encrypted = await startRedis({
    config: [
      `tls-port ${tlsPort}`,
      `tls-cert-file "${certificate}"`,
      `tls-key-file "${key}"`,
      `tls-ca-cert-file "${certificate}"`,
      'tls-auth-clients no',
    ],
  })
  onTestFinished(() => encrypted.stop())
  const url = `rediss://127.0.0.1:${tlsPort}`
  const keyPrefix = freshPrefix()

  const doubtful = redisStore({ url, keyPrefix, timeoutMs: 500 })
  expect(await codeOf(() => doubtful.session(address).patch({ a: 1 }))).toBe('unavailable')
  await doubtful.close()

  const ca = readFileSync(certificate)
  const client = createClient({ url, socket: { tls: true, ca } })
  client.on('error', () => {})
  const store = redisStore({ client, keyPrefix })
  await store.session(address).patch({ a: 1 })
  const child = spawn(process.execPath, [writeAndClose, JSON.stringify({ url, keyPrefix })], {
    stdio: 'inherit',
    env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate },
  })
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(await store.session(address).getAll()).toEqual({ a: 1, by: 'child' })
  await store.close()
  await client.close()
})

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const found = listening.address()
  listening.close()
  if (found === null || typeof found === 'string') throw new Error('no port')
  return found.port
}

test('unknown options and invalid values are refused', async () => {
  const client = createClient({ url: server.url })
  const wrong: unknown[] = [
    undefined,
    {},
    { url: '' },
    { url: 7 },
    { url: 'http://127.0.0.1' },
    { url: 'not a url' },
    { client: null },
    { client: {} },
    { url: server.url, client },
    { url: server.url, timeoutMs: 0 },
    { url: server.url, timeoutMs: -1 },
    { url: server.url, timeoutMs: Number.NaN },
    { url: server.url, timeoutMs: '500' },
    { url: server.url, keyPrefix: 7 },
    { url: server.url, namespaces: 'some' },
    null,
    { url: null },
    { url: server.url, keyPrefix: null },
    { url: server.url, timeoutMs: null },
    { url: server.url, waitForReplicas: null },
    { url: server.url, limits: null },
    { url: server.url, namespaces: null },
    { url: server.url, now: null },
    { url: server.url, timeoutMS: 500 },
    { url: server.url, limits: { documentLenght: 500 } },
    { url: 'redis://127.0.0.1/abc' },
    { url: 'redis://127.0.0.1/0/cache' },
    { url: 'redis://u:%zz@127.0.0.1' },
    { url: 'redis://%E0%A4%A:k@127.0.0.1' },
  ]
  for (const options of wrong) {
    expect([options, await codeOf(() => Reflect.apply(redisStore, undefined, [options]))]).toEqual([
      options,
      'invalid-option',
    ])
  }
  expect(client.listenerCount('error')).toBe(0)
  await codeOf(() => Reflect.apply(redisStore, undefined, [{ client, namespaces: 'some' }]))
  expect(client.listenerCount('error')).toBe(0)
})

test.each([
  ['http://127.0.0.1:6379', 'must begin with redis://'],
  ['redis://127.0.0.1:641100', 'check the port'],
  ['redis://:a b#c@127.0.0.1', 'percent-encode'],
  ['redis://:p@ss/w@127.0.0.1', 'percent-encode'],
])('`redisStore` says what is wrong with the URL %s', (url, remedy) => {
  expect(() => redisStore({ url })).toThrow(remedy)
})

test('an error about a lost connection names the host and the reason', async () => {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = Object(free.address())
  free.close()
  await once(free, 'close')
  const store = redisStore({ url: `redis://:secret@127.0.0.1:${port}`, timeoutMs: 300 })
  const message = await store.ready().catch((error) => error.message)
  expect(message).toMatch(`no connection to Redis within 300 ms: connect ECONNREFUSED 127.0.0.1:${port}`)
  expect(message).not.toContain('secret')
  await store.close()
})

test('many stores on one client cause no warning, and leave no listeners behind', async () => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error): unknown => warnings.push(message)
  process.on('warning', onWarning)
  onTestFinished(() => {
    process.off('warning', onWarning)
  })
  const client = createClient({ url: server.url })
  onTestFinished(() => client.destroy())
  const round = async (): Promise<void> => {
    const stores = Array.from({ length: 15 }, () => redisStore({ client, keyPrefix: freshPrefix() }))
    await Promise.all(stores.map((store) => store.session(address).patch({ a: 1 })))
    await new Promise((resolve) => setImmediate(resolve))
    // As if a connection were lost.
    client.emit('error', new Error('lost'))
    await Promise.all(stores.map((store) => store.close()))
    expect(['error', 'ready'].map((event) => client.listenerCount(event))).toEqual([0, 0])
  }
  await round()
  await round()
  expect(warnings).toEqual([])
  // Listeners that the caller adds later are called.
  const heard: unknown[] = []
  client.on('error', (error: Error) => heard.push(error.message))
  await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await expect.poll(() => heard.length).toBeGreaterThan(0)
})
