import type { Account } from '@context-store/core'
import { ContextStoreCache, ContextStoreSaver } from '@context-store/langgraph'
import type { RunnableConfig } from '@langchain/core/runnables'
import { type Checkpoint, emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint'
import { expect, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'

const metadata = { source: 'loop' as const, step: 0, parents: {} }
const thread: RunnableConfig = { configurable: { thread_id: 't', checkpoint_ns: '' } }

function checkpointOf(values: { [channel: string]: unknown }): Checkpoint {
  const versions = Object.fromEntries(Object.keys(values).map((channel) => [channel, 1]))
  return { ...emptyCheckpoint(), id: uuid6(3), channel_values: values, channel_versions: versions }
}

async function sessionsIn(account: Account): Promise<number> {
  let count = 0
  for await (const { name } of account.namespaces()) {
    for await (const _ of account.namespace(name).sessions()) count++
  }
  return count
}

onEachStore((open) => {
  test('the writes of many tasks may together be longer than a session', async () => {
    const savers = [0, 1].map(() => new ContextStoreSaver(open({ place: 'many' }).account('agent')))
    const config = await savers[0]?.put(thread, checkpointOf({}), metadata, {})
    const tasks = Array.from({ length: 800 }, (_, task) => ({
      id: `task-${task}`,
      text: `${task}`.padEnd(task % 10 === 0 ? 10_000 : 1000, '"'),
    }))
    await Promise.all(
      tasks.map(({ id, text }, task) => savers[task % 2]?.putWrites(config ?? {}, [['a', text]], id)),
    )
    await savers[0]?.putWrites(config ?? {}, [['a', 'not the first']], 'task-0')
    const writes = (await savers[0]?.getTuple(config ?? {}))?.pendingWrites ?? []
    expect(writes.toSorted()).toEqual(tasks.map(({ id, text }) => [id, 'a', text]).toSorted())
  })

  test('channels, metadata and the rest of a checkpoint may be longer than a session', async () => {
    const saver = new ContextStoreSaver(open().account('agent'))
    const values = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`c${n}`, `${n}`.repeat(15_000)]))
    const checkpoint = checkpointOf(values)
    checkpoint.versions_seen = { node: { ['c'.repeat(1_000_000)]: 1 } }
    const long = { ...metadata, note: 'n'.repeat(1_000_000) }
    const config = await saver.put(thread, checkpoint, long, checkpoint.channel_versions)
    await saver.putWrites(config, [['a', 'x'.repeat(19_000)]], 'task')
    expect(await saver.getTuple(config)).toEqual({
      config,
      checkpoint,
      metadata: long,
      pendingWrites: [['task', 'a', 'x'.repeat(19_000)]],
    })
  })

  test('a checkpoint that singleWriter refuses leaves no parts of a long value', async () => {
    const account = open().account('agent')
    const saver = new ContextStoreSaver(account, { singleWriter: true })
    const long = () => checkpointOf({ long: 'x'.repeat(300_000) })
    const puts = await Promise.allSettled(
      [long(), long()].map((one) => saver.put(thread, one, metadata, one.channel_versions)),
    )
    expect(puts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    // The checkpoint, the head, and the three parts of its value.
    expect(await sessionsIn(account)).toBe(5)
  })

  test('a cached value may be longer than a session', async () => {
    let clock = Date.UTC(2026, 0)
    const account = open({ now: () => clock }).account('agent')
    const cache = new ContextStoreCache<string>(account)
    const key: [string[], string] = [['n'], 'k']
    const ofPart: [string[], string] = [['n'], '["k",0]']
    const [one, other] = ['1', '2'].map((digit) => digit.repeat(1_000_000))
    await cache.set([{ key: ofPart, value: 'not a part' }])
    await cache.set([{ key, value: one ?? '', ttl: 10 }])
    expect(await cache.get([key])).toEqual([{ key, value: one }])
    await cache.set([{ key, value: other ?? '', ttl: 20 }])
    clock += 19_000
    expect(await cache.get([key, ofPart])).toEqual([
      { key, value: other },
      { key: ofPart, value: 'not a part' },
    ])
    await cache.set([{ key, value: 'short' }])
    expect(await cache.get([key])).toEqual([{ key, value: 'short' }])
    clock += 2_000
    expect(await sessionsIn(account)).toBe(2)
  })

  test('a cached value with a part of another value counts as missing', async () => {
    const account = open().account('agent')
    const cache = new ContextStoreCache<string>(account)
    const key: [string[], string] = [['n'], 'k']
    await cache.set([{ key, value: 'x'.repeat(300_000) }])
    await account.namespace('cache:["n"]').session('["k",1]').patch({ token: 'of another' })
    expect(await cache.get([key])).toEqual([])
  })
})
