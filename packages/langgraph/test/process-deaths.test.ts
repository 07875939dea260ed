import type { Account } from '@context-store/core'
import { ContextStoreSaver } from '@context-store/langgraph'
import { memoryStore } from '@context-store/memory'
import { type Checkpoint, emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint'
import { expect, test } from 'vitest'

const writes = new Set<PropertyKey>(['patch', 'patchIf', 'update', 'clear', 'clearIf'])

/** An account as seen by a process that dies after `count` writes to sessions; from then on every call fails. */
function dyingAfter(count: number, account: Account): Account {
  let left = count
  function wrapped<T extends object>(target: T): T {
    return new Proxy(target, {
      get(_, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return async (...given: unknown[]) => {
          if (writes.has(name)) left--
          if (left < 0) throw new Error('the process has died')
          return member.apply(target, given)
        }
      },
    })
  }
  return {
    id: account.id,
    namespaces: () => account.namespaces(),
    namespace<P extends object>(name: string) {
      const namespace = account.namespace<P>(name)
      return new Proxy(namespace, {
        get: (_, member) =>
          member === 'session'
            ? (id: string) => wrapped(namespace.session(id))
            : (Reflect.get(namespace, member) as unknown),
      })
    },
  }
}

test.each([{}, { ttlSeconds: 100 }, { singleWriter: true }])(
  'if a process dies at any write of a step, the thread is at this step or the previous one, and the step can be repeated (%j)',
  async (options) => {
    const metadata = { source: 'loop' as const, step: 0, parents: {} }
    const long = 'x'.repeat(300_000)
    for (let deaths = 0; ; deaths++) {
      const account = memoryStore().account('agent')
      const survivor = new ContextStoreSaver(account, options)
      const mortal = new ContextStoreSaver(dyingAfter(deaths, account), options)
      const thread = { configurable: { thread_id: 't', checkpoint_ns: '' } }
      const first: Checkpoint = {
        ...emptyCheckpoint(),
        id: uuid6(1),
        channel_values: { kept: long, step: 1 },
        channel_versions: { kept: 1, step: 1 },
      }
      const second: Checkpoint = {
        ...first,
        id: uuid6(2),
        channel_values: { kept: long, step: 2, long: `${long}!` },
        channel_versions: { kept: 1, step: 2, long: 1 },
      }
      const before = await survivor.put(thread, first, metadata, { kept: 1, step: 1 })
      const step = async (saver: ContextStoreSaver) => {
        await saver.putWrites(before, [['step', long]], 'task')
        await saver.put(before, second, metadata, { step: 2, long: 1 })
      }
      const error = await step(mortal).catch((reason: unknown) => reason)

      const found = await survivor.getTuple(thread)
      expect([first.channel_values, second.channel_values]).toContainEqual(found?.checkpoint.channel_values)
      if (error !== undefined) {
        expect(error).toMatchObject({ message: 'the process has died' })
        await step(survivor)
      }
      expect((await survivor.getTuple(thread))?.checkpoint.channel_values).toEqual(second.channel_values)
      expect((await survivor.getTuple(before))?.pendingWrites).toEqual([['task', 'step', long]])
      const all: unknown[] = []
      for await (const tuple of survivor.list(thread)) all.push(tuple.checkpoint.channel_values)
      expect(all).toEqual([second.channel_values, first.channel_values])
      if (error === undefined) {
        expect(deaths).toBeGreaterThan(5)
        return
      }
    }
  },
)
