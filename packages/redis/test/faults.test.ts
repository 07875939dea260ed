import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { absent, type ContextStore, type Namespace } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { createCluster } from '@keyv/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startCluster } from '../../../test/redis-servers/cluster.ts'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { polled } from '../../../test/redis-servers/polling.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { answerOf, codeOf } from './answer-of.ts'
import { freshPrefix } from './key-space.ts'
import { startLossyProxy } from './lossy-proxy.ts'

const address = { account: '1', namespace: 'orders', session: '42' }
const refused = { code: 'unavailable', outcome: 'not-applied' }
const unheard = { code: 'unavailable', outcome: 'unknown' }
const timeoutMs = 500
const durable = { config: ['appendonly yes', 'appendfsync always'] }

type Options = { readonly keyPrefix?: string; readonly timeoutMs?: number }

async function serverOf(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const server = await startRedis(options)
  onTestFinished(() => server.stop())
  return server
}

function storeOf(url: string, options: Options = {}): ContextStore {
  const store = redisStore({ keyPrefix: freshPrefix(), timeoutMs, ...options, url })
  onTestFinished(() => store.close())
  return store
}

async function accountsOf(store: ContextStore): Promise<string[]> {
  const found: string[] = []
  for await (const account of store.accounts()) found.push(account)
  return found
}

/** Resolves once the store has reconnected to its server. */
async function back(store: ContextStore): Promise<void> {
  await polled('the store is ready', async () => {
    await store.ready()
    return true
  })
}

test('a server that is down at the start is unavailable, and works once it is up', async () => {
  const server = await serverOf()
  await server.kill()
  const store = storeOf(server.url, { timeoutMs: 200 })
  const session = store.session(address)
  const answers = [() => store.ready(), () => session.patch({ a: 1 }), () => session.patchIf({}, { a: 1 })]
  for (const call of answers) expect(await answerOf(call)).toEqual(refused)
  for (const call of [() => session.get('a'), () => session.info(), () => accountsOf(store)]) {
    expect(await codeOf(call)).toBe('unavailable')
  }
  await server.restart()
  await back(store)
  await session.patch({ a: 2 })
  expect(await session.getAll()).toEqual({ a: 2 })
})

test('a server that goes down is unavailable, never empty, and all data is there when it is back', async () => {
  const server = await serverOf(durable)
  const store = storeOf(server.url, { timeoutMs: 200 })
  const session = store.session(address)
  await session.patch({ a: 1 })
  await server.kill()
  expect(await codeOf(() => session.patch({ b: 1 }))).toBe('unavailable')
  for (const call of [
    () => session.get('a'),
    () => session.getAll(),
    () => session.info(),
    () => store.account('1').namespace('orders').listSessions(),
    () => accountsOf(store),
    () => store.ready(),
  ]) {
    expect(await codeOf(call)).toBe('unavailable')
  }
  // A call to a server that is known to be down has not been sent.
  expect(await answerOf(() => session.patch({ c: 1 }))).toEqual(refused)
  await server.restart()
  await back(store)
  expect(await session.getAll()).toEqual({ a: 1 })
  await session.patch({ d: 1 })
  expect(await session.getAll()).toEqual({ a: 1, d: 1 })
})

test('a server that does not answer in time is unavailable, and the outcome of a write unknown', async () => {
  const server = await serverOf()
  const store = storeOf(server.url)
  const session = store.session(address)
  await session.patch({ a: 1 })
  server.pause()
  const [write, read] = await Promise.all([
    answerOf(() => session.patch({ a: 2 })),
    codeOf(() => store.session({ ...address, session: 'other' }).get('a')),
  ])
  expect([write, read]).toEqual([unheard, 'unavailable'])
  server.resume()
  await back(store)
  await session.patch({ b: 1 })
  const { a, b } = await session.getAll()
  expect([1, 2]).toContain(a)
  expect(b).toBe(1)
})

test('a write whose answer was lost has the outcome unknown, has happened, and is not retried', async () => {
  const server = await serverOf()
  const proxy = await startLossyProxy(server.port)
  onTestFinished(() => proxy.close())
  const keyPrefix = freshPrefix()
  const [session, direct] = [proxy.url, server.url].map((url) =>
    storeOf(url, { keyPrefix, timeoutMs: 5000 }).session(address),
  )
  if (session === undefined || direct === undefined) throw new Error('two stores')
  await session.patch({ turns: 1 })
  proxy.loseNextAnswer()
  const answer = answerOf(() => session.patchIf({ turns: 1 }, { turns: 2, by: 'first' }))
  await proxy.lost
  await direct.patch({ turns: 1, by: 'second' })
  expect(await answer).toEqual(unheard)
  await session.patch({ later: true })
  expect(await direct.getAll()).toEqual({ turns: 1, by: 'second', later: true })
})

test('a read whose answer was lost is unavailable, never missing', async () => {
  const server = await serverOf()
  const proxy = await startLossyProxy(server.port)
  onTestFinished(() => proxy.close())
  const session = storeOf(proxy.url).session(address)
  await session.patch({ a: 1 })
  proxy.loseNextAnswer()
  expect(await codeOf(() => session.getAll())).toBe('unavailable')
  await polled('read again', async () => (await session.get('a')) === 1 || undefined)
})

test('a server that comes back without scripts and data works like a new one', async () => {
  const server = await serverOf()
  const store = storeOf(server.url)
  const session = store.session(address)
  await session.patch({ a: 1 }, { ttlSeconds: 60 })
  await server.restart()
  await back(store)
  expect(await session.getAll()).toEqual({})
  expect(await session.info()).toBeUndefined()
  await session.patch({ b: 1 })
  expect(await session.getAll()).toEqual({ b: 1 })
  expect((await session.info())?.ttlSeconds).toBeUndefined()
  const namespace = store.account('1').namespace('orders')
  expect((await namespace.listSessions()).items.map(({ id }) => id)).toEqual(['42'])
  for await (const { name } of store.account('1').namespaces()) expect(name).toBe('orders')
})

test('an emptied server is not mistaken for one with a foreign layout', async () => {
  const server = await serverOf()
  const keyPrefix = freshPrefix()
  const session = storeOf(server.url, { keyPrefix }).session(address)
  await session.patch({ a: 1 })
  await server.command('FLUSHALL')
  await session.patch({ b: 1 })
  expect(await storeOf(server.url, { keyPrefix }).session(address).getAll()).toEqual({ b: 1 })
})

test('scripts that the server forgets are loaded again, and calls keep their order', async () => {
  const server = await serverOf()
  const session = storeOf(server.url, { timeoutMs: 10_000 }).session(address)
  await session.patch({ begun: true })
  for (let round = 0; round < 5; round++) {
    const patches = Array.from({ length: 200 }, (_, index) =>
      session.patch({ last: `${round}-${index}`, [`${round}-${index}`]: true }),
    )
    await server.command('SCRIPT', 'FLUSH')
    await Promise.all(patches)
    expect(await session.get('last')).toBe(`${round}-199`)
  }
  expect(Object.keys(await session.getAll())).toHaveLength(2 + 5 * 200)
})

test('scripts that a Cluster forgets are loaded again, node by node', async () => {
  const cluster = await startCluster({ replicas: 0 })
  onTestFinished(() => cluster.stop())
  const client = createCluster({ rootNodes: cluster.rootNodes })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.close())
  const namespace = redisStore({ client, keyPrefix: freshPrefix() }).account('1').namespace('orders')
  for (let round = 0; round < 3; round++) {
    const patches = Array.from({ length: 300 }, (_, index) =>
      namespace.session(`${index % 100}`).patch({ last: index, [`${round}-${index}`]: true }),
    )
    await Promise.all(cluster.nodes.map((node) => node.command('SCRIPT', 'FLUSH')))
    await Promise.all(patches)
  }
  for (let index = 0; index < 100; index++) {
    const { last, ...others } = await namespace.session(`${index}`).getAll()
    expect(last).toBe(200 + index)
    expect(Object.keys(others)).toHaveLength(9)
  }
})

/** Reasons for a server to refuse a write, and how to cause them. */
const refusals: { readonly why: string; readonly begin: (server: RedisServer) => Promise<void> }[] = [
  {
    why: 'its memory is full (OOM)',
    begin: async (server) => {
      await server.command('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction')
    },
  },
  {
    why: 'it has too few replicas (NOREPLICAS)',
    begin: async (server) => {
      await server.command('CONFIG', 'SET', 'min-replicas-to-write', '1')
    },
  },
  {
    why: 'it cannot save (MISCONF)',
    begin: async (server) => {
      const [, folder] = (await server.command('CONFIG', 'GET', 'dir')) as string[]
      await server.command('CONFIG', 'SET', 'save', '3600 1')
      mkdirSync(join(folder ?? '', 'dump.rdb'))
      await server.command('BGSAVE')
      await polled(
        'a save failed',
        async () =>
          String(await server.command('INFO', 'persistence')).includes('rdb_last_bgsave_status:err') ||
          undefined,
      )
    },
  },
  {
    why: 'it follows another (READONLY)',
    begin: async (server) => {
      const master = await serverOf()
      await master.kill()
      await server.command('REPLICAOF', master.host, `${master.port}`)
    },
  },
]

test.each(refusals)(
  'a write that a server refuses because $why is unavailable, and reads work',
  async ({ begin }) => {
    const server = await serverOf()
    const store = storeOf(server.url)
    const session = store.session(address)
    await session.patch({ a: 1 })
    await begin(server)
    for (const call of [
      () => session.patch({ a: 2 }),
      () => session.patchIf({ a: 1 }, { a: 2 }),
      () => session.update(['a'], () => ({ a: 2 })),
      () => store.session({ ...address, namespace: 'new' }).patch({ a: 2 }),
      () => store.account('1').namespace('another').create(),
    ]) {
      expect(await answerOf(call)).toEqual(refused)
    }
    expect(await session.getAll()).toEqual({ a: 1 })
    expect(await session.patchIf({ a: 0 }, { a: 2 })).toEqual({ ok: false, current: { a: 1 } })
    expect((await store.account('1').namespace('orders').listSessions()).items).toHaveLength(1)

    await server.command('CONFIG', 'SET', 'maxmemory', '0', 'min-replicas-to-write', '0', 'save', '')
    await server.command('REPLICAOF', 'NO', 'ONE')
    await session.patch({ a: 3 })
    expect(await session.getAll()).toEqual({ a: 3 })
  },
)

test('data can be removed from a server that is out of memory', async () => {
  const server = await serverOf()
  const store = storeOf(server.url)
  const namespace = store.account('1').namespace('orders')
  await Promise.all([1, 2, 3, 4].map((id) => namespace.session(`${id}`).patch({ a: 1, b: 2 })))
  await server.command('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction')
  await namespace.session('1').clear()
  await namespace.session('2').delete(['a', 'b'])
  expect((await namespace.listSessions()).items.map(({ id }) => id).sort()).toEqual(['3', '4'])
  await namespace.delete()
  expect((await namespace.listSessions()).items).toEqual([])
})

test('a server that is loading its data is unavailable until it has finished', async () => {
  const server = await serverOf()
  const store = storeOf(server.url)
  const namespace = store.account('1').namespace('orders')
  const text = 'x'.repeat(100)
  await Promise.all(
    Array.from({ length: 200 }, (_, index) => namespace.session(`${index}`).patch({ text, index })),
  )
  await server.command('SAVE')
  const slow = ['key-load-delay 20000', 'loading-process-events-interval-bytes 1024']
  await server.restart({ config: slow, until: 'Server initialized' })
  const loading = storeOf(server.url)
  for (const call of [
    () => loading.ready(),
    () => loading.session(address).patch({ a: 1 }),
    () => loading.session(address).getAll(),
    () => store.session(address).get('a'),
  ]) {
    expect(await codeOf(call)).toBe('unavailable')
  }
  await server.command('CONFIG', 'SET', 'key-load-delay', '0')
  await back(store)
  await back(loading)
  expect(await namespace.session('199').get('index')).toBe(199)
})

test('wrong credentials, no credentials, and a user who may not write are unauthorized', async () => {
  const server = await serverOf({ password: 'right' })
  const known = storeOf(server.url)
  await known.session(address).patch({ a: 1 })
  await server.command('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@all', '-@write', '-@scripting')
  for (const user of [':wrong@', '', 'nobody:right@']) {
    const store = storeOf(`redis://${user}127.0.0.1:${server.port}`)
    expect(await codeOf(() => store.ready())).toBe('unauthorized')
    expect(await answerOf(() => store.session(address).patch({ a: 2 }))).toEqual({
      code: 'unauthorized',
      outcome: 'not-applied',
    })
    expect(await codeOf(() => store.session(address).get('a'))).toBe('unauthorized')
  }
  const reader = storeOf(`redis://reader:secret@127.0.0.1:${server.port}`)
  expect(await codeOf(() => reader.session(address).patch({ a: 2 }))).toBe('unauthorized')
  expect(await known.session(address).getAll()).toEqual({ a: 1 })
})

test('a connection that is cut fails only the calls that were sent on it', async () => {
  const server = await serverOf()
  const store = storeOf(server.url, { timeoutMs: 5000 })
  const session = store.session(address)
  await session.patch({ begun: true })
  const outcomes = new Map<string, string>()
  for (let round = 0; round < 5; round++) {
    const patches = Array.from({ length: 200 }, async (_, index) => {
      const name = `${round}-${index}`
      const { code, outcome } = await answerOf(() => session.patch({ [name]: true }))
      expect(['no error', 'unavailable']).toContain(code)
      outcomes.set(name, outcome)
    })
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await Promise.all(patches)
    await back(store)
  }
  const found = await session.getAll()
  expect(outcomes.size).toBe(1000)
  for (const [name, outcome] of outcomes) {
    if (outcome !== 'unknown')
      expect([name, found[name]]).toEqual([name, outcome === 'applied' ? true : undefined])
  }
})

test('calls on one session keep their order through a lost connection', async () => {
  const server = await serverOf(durable)
  const store = storeOf(server.url, { timeoutMs: 5000 })
  const session = store.session(address)
  const patches = Array.from({ length: 100 }, (_, index) => answerOf(() => session.patch({ last: index })))
  await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  const removal = answerOf(() => session.patch({ last: absent }))
  const final = await polled('a last patch', async () => {
    const { code } = await answerOf(() => session.patch({ last: 'final' }))
    return code === 'no error' ? code : undefined
  })
  await Promise.all([...patches, removal])
  expect(final).toBe('no error')
  expect(await session.get('last')).toBe('final')
})

test('a process whose server is killed, slow, emptied and back continues, and exits by itself', async () => {
  const server = await serverOf(durable)
  const connection = { url: server.url, keyPrefix: freshPrefix(), timeoutMs: 300 }
  const script = fileURLToPath(new URL('fixtures/patch-through-faults.mjs', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--unhandled-rejections=strict', script, JSON.stringify(connection)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const until = async (wanted: RegExp): Promise<void> => {
    for (let line = await lines.next(); !wanted.test(line.value); line = await lines.next()) {
      if (line.done) throw new Error(`the process has ended before ${wanted}`)
    }
  }
  await until(/^applied$/)
  await server.kill()
  await until(/^unavailable/)
  await server.restart()
  await until(/^applied$/)
  server.pause()
  await until(/^unavailable, unknown$/)
  server.resume()
  await until(/^applied$/)
  await server.command('FLUSHALL')
  await server.command('SCRIPT', 'FLUSH')
  await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await until(/^applied$/)
  await server.kill()
  await until(/^unavailable/)
  child.stdin.write('end\n')
  expect(await ended).toEqual([0, null])
})

test.each([
  { calls: 'one call after the other', isOften: false },
  { calls: 'overlapping calls', isOften: true },
])('a connection that stopped responding is replaced, with $calls', async ({ isOften }) => {
  const server = await serverOf()
  const proxy = await startLossyProxy(server.port)
  onTestFinished(() => proxy.close())
  const store = storeOf(proxy.url, { timeoutMs: 250 })
  const session = store.session(address)
  await session.patch({ a: 1 })
  proxy.fallSilent()
  const outcomes = new Set<string>()
  let isBack = false
  await polled('written again', async () => {
    const call = answerOf(() => session.patch({ a: 2 })).then(({ code, outcome }) => {
      outcomes.add(outcome)
      isBack ||= code === 'no error'
    })
    // As often as a direct call to the server succeeds.
    await (isOften ? server.command('PING') : call)
    return isBack || undefined
  })
  // The first one was sent and not answered; those that waited for it were not made.
  expect(outcomes).toContain('unknown')
  expect(await session.get('a')).toBe(2)
})

test('an earlier refusal is not the cause of a call that got no answer', async () => {
  const server = await serverOf()
  await server.command('ACL', 'SETUSER', 'bot', 'on', '>k', '~*', '+@all')
  const session = storeOf(`redis://bot:k@127.0.0.1:${server.port}`).session(address)
  await session.patch({ a: 1 })
  await server.command('ACL', 'SETUSER', 'bot', 'resetpass', '>other')
  await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await polled(
    'refused',
    async () => (await codeOf(() => session.patch({ a: 2 }))) === 'unauthorized' || undefined,
  )
  await server.command('ACL', 'SETUSER', 'bot', 'resetpass', '>k')
  await polled(
    'accepted',
    async () => (await codeOf(() => session.patch({ a: 3 }))) === 'no error' || undefined,
  )
  server.pause()
  expect(await answerOf(() => session.patch({ a: 4 }))).toEqual(unheard)
  server.resume()
  await polled('applied all the same', async () => (await session.get('a')) === 4 || undefined)
})

test('a write whose WAIT for the replicas is refused has the outcome unknown', async () => {
  const server = await serverOf()
  await server.command('ACL', 'SETUSER', 'nowait', 'on', '>k', '~*', '+@all', '-wait')
  const url = `redis://nowait:k@127.0.0.1:${server.port}`
  const store = redisStore({ url, keyPrefix: freshPrefix(), timeoutMs, waitForReplicas: 1 })
  onTestFinished(() => store.close())
  const session = store.session(address)
  await store.ready()
  // The first write creates the namespace, and is not sent itself.
  expect(await answerOf(() => session.patch({ a: 1 }))).toEqual(unheard)
})

test.each([
  ['delete()', (namespace: Namespace) => namespace.delete()],
  ['create()', (namespace: Namespace) => namespace.create({ ttlSeconds: 60 })],
])('%s of a namespace that is refused halfway has the outcome unknown', async (_, change) => {
  const server = await serverOf()
  const keyPrefix = freshPrefix()
  const all = storeOf(server.url, { keyPrefix }).account('1').namespace('orders')
  await all.session('42').patch({ a: 1 })
  // May write to the directory, but to none of the buckets.
  const keys = [`~${keyPrefix}{directory}*`, `%R~${keyPrefix}*`]
  await server.command('ACL', 'SETUSER', 'directory', 'on', '>k', ...keys, '+@all')
  const store = storeOf(`redis://directory:k@127.0.0.1:${server.port}`, { keyPrefix })
  const before = await all.info()
  expect(await answerOf(() => change(store.account('1').namespace('orders')))).toEqual(unheard)
  expect(await all.info()).not.toEqual(before)
})
