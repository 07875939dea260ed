import type { Account, ContextStore } from '@context-store/core'
import { ContextStoreSaver } from '@context-store/langgraph'
import { memoryStore } from '@context-store/memory'
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  type ChannelVersions,
  type Checkpoint,
  emptyCheckpoint,
  INTERRUPT,
  MemorySaver,
  uuid6,
} from '@langchain/langgraph-checkpoint'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startCluster } from '../../../test/redis-servers/cluster.ts'
import { onEachStore } from '../../../test/stores.ts'

const metadata = { source: 'loop' as const, step: 0, parents: {} }
const agentOf = (store: ContextStore) => store.account('agent')
const threadConfig = (thread_id: string, checkpoint_ns = ''): RunnableConfig => ({
  configurable: { thread_id, checkpoint_ns },
})

/** Puts a checkpoint whose parent is `config`, with its new channels. */
async function putAfter(
  saver: MemorySaver | ContextStoreSaver,
  config: RunnableConfig,
  values: { [channel: string]: unknown },
  versions: ChannelVersions = {},
  newVersions = versions,
): Promise<RunnableConfig> {
  const checkpoint: Checkpoint = {
    ...emptyCheckpoint(),
    id: uuid6(3),
    channel_values: values,
    channel_versions: versions,
  }
  return saver.put(config, checkpoint, metadata, newVersions)
}

/** The length of the JSON of everything in an account. */
async function sizeOf(account: Account): Promise<number> {
  let size = 0
  for await (const { name } of account.namespaces()) {
    for await (const { properties } of account.namespace(name).sessions({ properties: true })) {
      size += JSON.stringify(properties).length
    }
  }
  return size
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

onEachStore((open) => {
  test('a channel that does not change is stored once, over 50 checkpoints', async () => {
    const store = open()
    const saver = new ContextStoreSaver(agentOf(store))
    const documents = 'x'.repeat(100_000)
    let config = threadConfig('long')
    for (let step = 1; step <= 50; step++) {
      const versions = { documents: 1, step }
      config = await putAfter(saver, config, { documents, step }, versions, step === 1 ? versions : { step })
    }
    const tuple = await saver.getTuple(threadConfig('long'))
    expect(tuple?.checkpoint.channel_values).toEqual({ documents, step: 50 })
    expect(await sizeOf(agentOf(store))).toBeLessThan(200_000)
  })

  test('values keep their bytes, of any length', async () => {
    const saver = new ContextStoreSaver(agentOf(open()))
    const values = {
      bytes: Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256),
      none: new Uint8Array(),
      bom: new Uint8Array([0xef, 0xbb, 0xbf, 0x61]),
      text: '\ufeff \u0000 "quotes" \\ \ud83d\ude00 __proto__',
      long: '\ud83d\ude00"\u0001'.repeat(500_000),
      pairs: '\ud83d\ude00'.repeat(100_000),
      map: new Map([['a', new Set([1])]]),
    }
    const config = await putAfter(saver, threadConfig('bytes'), values, {
      bytes: 1,
      none: 1,
      bom: 1,
      text: 1,
      long: 1,
      pairs: 1,
      map: 1,
    })
    await saver.putWrites(config, Object.entries(values), 'task-1')
    const tuple = await saver.getTuple(config)
    expect(tuple?.checkpoint.channel_values).toEqual(values)
    expect(tuple?.pendingWrites).toEqual(
      Object.entries(values).map(([channel, value]) => ['task-1', channel, value]),
    )
  })

  test('values without a version are stored, and so are values that the parent should have but lacks', async () => {
    const saver = new ContextStoreSaver(agentOf(open()))
    const first = await putAfter(saver, threadConfig('a'), { unversioned: 1 })
    expect((await saver.getTuple(first))?.checkpoint.channel_values).toEqual({ unversioned: 1 })
    const gone = { configurable: { thread_id: 'a', checkpoint_ns: '', checkpoint_id: uuid6(1) } }
    const after = await putAfter(saver, gone, { kept: 2 }, { kept: 5 }, {})
    expect((await saver.getTuple(after))?.checkpoint.channel_values).toEqual({ kept: 2 })
  })

  test('forks of one checkpoint keep their own values, although the versions are the same', async () => {
    const saver = new ContextStoreSaver(agentOf(open()))
    const root = await putAfter(saver, threadConfig('fork'), { x: 'root', y: 'root' }, { x: 1, y: 1 })
    const one = await putAfter(saver, root, { x: 'one', y: 'root' }, { x: 2, y: 1 }, { x: 2 })
    const other = await putAfter(saver, root, { x: 'other', y: 'root' }, { x: 2, y: 1 }, { x: 2 })
    const afterOne = await putAfter(saver, one, { x: 'one', y: 'new' }, { x: 2, y: 2 }, { y: 2 })
    const valuesOf = async (config: RunnableConfig) =>
      (await saver.getTuple(config))?.checkpoint.channel_values
    expect(await valuesOf(one)).toEqual({ x: 'one', y: 'root' })
    expect(await valuesOf(other)).toEqual({ x: 'other', y: 'root' })
    expect(await valuesOf(afterOne)).toEqual({ x: 'one', y: 'new' })
  })

  test('a checkpoint without a parent has the values of its thread, and no others', async () => {
    const saver = new ContextStoreSaver(agentOf(open()))
    const root = await putAfter(saver, threadConfig('copy'), { x: 'root' }, { x: 1 })
    await putAfter(saver, root, { x: 'later' }, { x: 2 })
    const copy = await putAfter(saver, threadConfig('copy'), { x: 'root', y: 1 }, { x: 1, y: 1 }, {})
    const elsewhere = await putAfter(saver, threadConfig('copy', 'child'), { x: 'root' }, { x: 1 }, {})
    expect((await saver.getTuple(copy))?.checkpoint.channel_values).toEqual({ x: 'root' })
    expect((await saver.getTuple(elsewhere))?.checkpoint.channel_values).toEqual({})
  })

  test('the first write for a task and index is kept, negative indexes overwrite, and the order is that of the task paths', async () => {
    const store = open({ place: 'writes' })
    const [saver, other] = [
      new ContextStoreSaver(agentOf(store)),
      new ContextStoreSaver(agentOf(open({ place: 'writes' }))),
    ]
    const config = await putAfter(saver, threadConfig('w'), {})
    await saver.putWrites(
      config,
      [
        ['a', 'first'],
        [INTERRUPT, 'first'],
      ],
      'task-1',
      'b',
    )
    await other.putWrites(
      config,
      [
        ['a', 'x'.repeat(30_000)],
        [INTERRUPT, 'second'],
      ],
      'task-1',
      'b',
    )
    await other.putWrites(config, [['a', 'other task']], 'task-2', 'a')
    const before = await sizeOf(agentOf(store))
    expect((await saver.getTuple(config))?.pendingWrites).toEqual([
      ['task-2', 'a', 'other task'],
      ['task-1', INTERRUPT, 'second'],
      ['task-1', 'a', 'first'],
    ])
    expect(before).toBeLessThan(10_000)
  })

  test('nothing is lost if a hundred tasks write to one checkpoint at once', async () => {
    const savers = [0, 1].map(() => new ContextStoreSaver(agentOf(open({ place: 'at-once' }))))
    const config = await putAfter(savers[0] ?? new MemorySaver(), threadConfig('w'), {})
    await Promise.all(
      Array.from({ length: 100 }, (_, task) =>
        savers[task % 2]?.putWrites(
          config,
          [
            ['a', task],
            ['b', 'x'.repeat(2000)],
          ],
          `task-${task}`,
        ),
      ),
    )
    expect((await savers[0]?.getTuple(config))?.pendingWrites).toHaveLength(200)
  })

  test('writes may come before their checkpoint', async () => {
    const saver = new ContextStoreSaver(agentOf(open()))
    const checkpoint = { ...emptyCheckpoint(), id: uuid6(3) }
    const config = { configurable: { thread_id: 'early', checkpoint_ns: '', checkpoint_id: checkpoint.id } }
    await saver.putWrites(config, [['a', 1]], 'task-1')
    expect(await saver.getTuple(config)).toBeUndefined()
    expect(await listOf(saver.list({}))).toEqual([])
    await saver.put(threadConfig('early'), checkpoint, metadata, {})
    expect((await saver.getTuple(config))?.pendingWrites).toEqual([['task-1', 'a', 1]])
  })

  test('any strings work as thread ids and checkpoint namespaces, and are distinct', async () => {
    const saver = new ContextStoreSaver(agentOf(open()))
    const ids = ['a', 'a:b', '["a"]', '__proto__', 'x'.repeat(600), `${'x'.repeat(600)}y`, 'é', 'e\u0301']
    for (const id of ids)
      for (const ns of ['', 'child', 'child|a'])
        await putAfter(saver, threadConfig(id, ns), { v: id + ns }, { v: 1 })
    for (const id of ids) {
      for (const ns of ['', 'child', 'child|a']) {
        expect((await saver.getTuple(threadConfig(id, ns)))?.checkpoint.channel_values).toEqual({
          v: id + ns,
        })
      }
    }
    const threads = (await listOf(saver.list({}))).map(({ config }) => config.configurable?.thread_id)
    expect(new Set(threads)).toEqual(new Set(ids))
    await saver.deleteThread('a')
    expect(await saver.getTuple(threadConfig('a'))).toBeUndefined()
    expect(await listOf(saver.list({ configurable: { thread_id: 'a' } }))).toEqual([])
    expect(await saver.getTuple(threadConfig('a:b'))).toBeDefined()
    await saver.deleteThread('never there')
  })

  test('a thread expires as a whole, counted from its last write, and its storage is freed', async () => {
    let clock = Date.UTC(2026, 0)
    const store = open({ now: () => clock })
    const saver = new ContextStoreSaver(agentOf(store), { ttlSeconds: 100 })
    const long = 'x'.repeat(30_000)
    const first = await putAfter(saver, threadConfig('t'), { long, step: 0 }, { long: 1, step: 0 })
    let config = first
    for (let step = 1; step <= 20; step++) {
      clock += 99_000
      config = await putAfter(saver, config, { long, step }, { long: 1, step }, { step })
    }
    expect((await saver.getTuple(first))?.checkpoint.channel_values).toEqual({ long, step: 0 })
    expect((await saver.getTuple(threadConfig('t')))?.checkpoint.channel_values).toEqual({ long, step: 20 })
    expect(await listOf(saver.list(threadConfig('t')))).toHaveLength(21)
    clock += 99_999
    expect(await saver.getTuple(config)).toBeDefined()
    clock += 1
    expect(await saver.getTuple(config)).toBeUndefined()
    expect(await saver.getTuple(first)).toBeUndefined()
    expect(await saver.getTuple(threadConfig('t'))).toBeUndefined()
    expect(await listOf(saver.list({}))).toEqual([])

    const anew = await putAfter(saver, threadConfig('t'), { step: 'anew' }, { step: 1 })
    expect(await listOf(saver.list({}))).toHaveLength(1)
    expect(await saver.getTuple(first)).toBeUndefined()
    expect((await saver.getTuple(threadConfig('t')))?.config).toEqual(anew)
    clock += 99_000
    await saver.putWrites(anew, [['a', 1]], 'task')
    expect(await sizeOf(agentOf(store))).toBeLessThan(3_000)
    clock += 301_000
    expect(await sizeOf(agentOf(store))).toBe(0)
  })

  test('with singleWriter, one of two runs that continue from the same checkpoint is refused, and leaves nothing', async () => {
    const stores = [open({ place: 'single' }), open({ place: 'single' })] as const
    const [one, other] = [
      new ContextStoreSaver(agentOf(stores[0]), { singleWriter: true }),
      new ContextStoreSaver(agentOf(stores[1]), { singleWriter: true }),
    ]
    const root = await putAfter(one, threadConfig('s'), { x: 0 }, { x: 1 })
    const runs = await Promise.allSettled([
      putAfter(one, root, { x: 'one' }, { x: 2 }),
      putAfter(other, root, { x: 'other' }, { x: 2 }),
    ])
    const refused = runs.filter((run) => run.status === 'rejected')
    expect(refused).toEqual([{ status: 'rejected', reason: expect.objectContaining({ code: 'conflict' }) }])
    expect(await listOf(one.list(threadConfig('s')))).toHaveLength(2)
    await expect(putAfter(other, root, { x: 'late' }, { x: 2 })).rejects.toMatchObject({ code: 'conflict' })
    await expect(putAfter(other, threadConfig('s'), { x: 'anew' }, { x: 2 })).rejects.toMatchObject({
      code: 'conflict',
    })
    const newest = await one.getTuple(threadConfig('s'))
    await putAfter(other, newest?.config ?? root, { x: 'next' }, { x: 3 })
    expect(await listOf(one.list(threadConfig('s')))).toHaveLength(3)
  })
})

test('random puts, writes and deletions read back as from LangGraph’s MemorySaver', async () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        does: fc.constant('put' as const),
        thread: fc.constantFrom('t', 'u'),
        after: fc.nat(5),
        x: fc.option(fc.jsonValue()),
        y: fc.option(fc.jsonValue()),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        does: fc.constant('write' as const),
        at: fc.nat(5),
        task: fc.constantFrom('a', 'b'),
        channels: fc.array(fc.constantFrom('x', 'y', INTERRUPT), { maxLength: 3 }),
        value: fc.jsonValue(),
        path: fc.constantFrom('', 'p', '~', '\uffee', '\ud83d\ude00'),
      }),
    },
    fc.record({ does: fc.constant('delete' as const), thread: fc.constantFrom('t', 'u') }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const [saver, model] = [new ContextStoreSaver(agentOf(memoryStore())), new MemorySaver()]
      const made: {
        config: RunnableConfig
        thread: string
        values: { [channel: string]: unknown }
        versions: ChannelVersions
      }[] = []
      for (const one of steps) {
        if (one.does === 'delete') {
          for (const each of [saver, model]) await each.deleteThread(one.thread)
          made.splice(0, made.length, ...made.filter(({ thread }) => thread !== one.thread))
        } else if (one.does === 'put') {
          const parents = made.filter(({ thread }) => thread === one.thread)
          const parent = parents[one.after % Math.max(1, parents.length)]
          const values = { ...parent?.values }
          const newVersions: ChannelVersions = {}
          for (const channel of ['x', 'y'] as const) {
            const value = one[channel]
            if (value === null) continue
            values[channel] = value
            newVersions[channel] = Number(parent?.versions[channel] ?? 0) + 1
          }
          const versions = { ...parent?.versions, ...newVersions }
          const checkpoint = {
            ...emptyCheckpoint(),
            id: uuid6(3),
            channel_values: values,
            channel_versions: versions,
          }
          const after = parent?.config ?? threadConfig(one.thread)
          for (const each of [saver, model]) await each.put(after, checkpoint, metadata, newVersions)
          const config = {
            configurable: { ...threadConfig(one.thread).configurable, checkpoint_id: checkpoint.id },
          }
          made.push({ config, thread: one.thread, values, versions })
        } else {
          const at = made[one.at % Math.max(1, made.length)]
          const writes = one.channels.map((channel): [string, unknown] => [channel, one.value])
          if (at)
            for (const each of [saver, model]) await each.putWrites(at.config, writes, one.task, one.path)
        }
      }
      for (const thread of ['t', 'u']) {
        expect(await saver.getTuple(threadConfig(thread))).toEqual(await model.getTuple(threadConfig(thread)))
        expect(await listOf(saver.list(threadConfig(thread)))).toEqual(
          await listOf(model.list(threadConfig(thread))),
        )
      }
      for (const { config } of made)
        expect(await saver.getTuple(config)).toEqual(await model.getTuple(config))
    }),
    { numRuns: 100 },
  )
})

test('a Redis Cluster keeps a thread, its writes and its values', async () => {
  const { createCluster } = await import('@keyv/redis')
  const { redisStore } = await import('@context-store/redis')
  const cluster = await startCluster()
  const client = createCluster({ rootNodes: cluster.rootNodes })
  client.on('error', () => {})
  await client.connect()
  const store = redisStore({ client, keyPrefix: 'langgraph:' })
  const saver = new ContextStoreSaver(agentOf(store), { ttlSeconds: 3600, singleWriter: true })
  let config = threadConfig('t')
  for (let step = 1; step <= 10; step++) {
    config = await putAfter(
      saver,
      config,
      { long: 'x'.repeat(50_000), step },
      { long: 1, step },
      step === 1 ? { long: 1, step } : { step },
    )
    await saver.putWrites(config, [['a', new Uint8Array([step])]], `task-${step}`)
  }
  const tuple = await saver.getTuple(threadConfig('t'))
  expect(tuple?.checkpoint.channel_values).toEqual({ long: 'x'.repeat(50_000), step: 10 })
  expect(tuple?.pendingWrites).toEqual([['task-10', 'a', new Uint8Array([10])]])
  expect(await listOf(saver.list({}))).toHaveLength(10)
  await saver.deleteThread('t')
  expect(await listOf(saver.list({}))).toEqual([])
  await store.close()
  await client.close()
  await cluster.stop()
})

test('unknown options and invalid times to live are refused', () => {
  const account = agentOf(memoryStore())
  expect(() => new ContextStoreSaver(account, { ttl: 60 } as never)).toThrow(/"ttl"/)
  expect(() => new ContextStoreSaver(account, { ttlSeconds: 0.5 })).toThrow(/ttlSeconds/)
  expect(() => new ContextStoreSaver(account, { singleWriter: 'yes' as never })).toThrow(/singleWriter/)
})

test('the errors for a `put` without a thread and writes without a checkpoint say what is missing', async () => {
  const saver = new ContextStoreSaver(agentOf(memoryStore()))
  await expect(saver.put({}, emptyCheckpoint(), metadata, {})).rejects.toThrow(/thread_id/)
  await expect(saver.putWrites({}, [], 'task')).rejects.toThrow(/thread_id/)
  await expect(saver.putWrites(threadConfig('t'), [], 'task')).rejects.toThrow(/checkpoint_id/)
  expect(await saver.getTuple({})).toBeUndefined()
  const noString = { configurable: { thread_id: {} } }
  await expect(saver.getTuple(noString)).rejects.toMatchObject({ code: 'invalid-address' })
})

test('a thread whose id looks like a hash is not confused with a thread whose id is hashed', async () => {
  const account = agentOf(memoryStore())
  const saver = new ContextStoreSaver(account)
  await putAfter(saver, threadConfig('x'.repeat(600)), { of: 'long' }, { of: 1 })
  const [hash] = (await listOf(account.namespaces())).map(({ name }) => name.replace('thread', ''))
  expect(hash).toMatch(/^#/)
  expect(await saver.getTuple(threadConfig(hash ?? ''))).toBeUndefined()
})

test('the longest time to live is accepted', async () => {
  const saver = new ContextStoreSaver(agentOf(memoryStore()), { ttlSeconds: 10_000_000_000 })
  const config = await putAfter(saver, threadConfig('t'), { a: 1 }, { a: 1 })
  expect((await saver.getTuple(threadConfig('t')))?.config).toEqual(config)
})
