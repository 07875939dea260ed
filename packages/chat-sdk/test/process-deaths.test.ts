import { chatSdkState } from '@context-store/chat-sdk'
import type { Account, ContextStore } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import type { StateAdapter } from 'chat'
import { expect, test } from 'vitest'
import { entryOf, numbers } from './entries.ts'

const writes = new Set<PropertyKey>(['patch', 'update', 'delete', 'clear', 'clearIf'])

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
      return {
        ...namespace,
        create: () => namespace.create(),
        session: (id: string) => wrapped(namespace.session(id)),
      }
    },
  }
}

async function sessionsOf(store: ContextStore, namespace: string): Promise<number> {
  return (await store.account('bot').namespace(namespace).listSessions()).items.length
}

/** Runs the program in processes that die after 1, 2, 3… writes, each on a new store, until one completes. */
async function afterEachDeath(
  program: (state: StateAdapter) => Promise<void>,
  check: (state: StateAdapter, store: ContextStore) => Promise<void>,
): Promise<number> {
  for (let deaths = 1; ; deaths++) {
    const clock = { ms: 1_000_000 }
    const now = () => clock.ms
    const store = memoryStore({ now })
    const mortal = chatSdkState(dyingAfter(deaths, store.account('bot')), { now })
    const survivor = chatSdkState(store.account('bot'), { now })
    await survivor.connect()
    const error = await mortal
      .connect()
      .then(() => program(mortal))
      .catch((reason: unknown) => reason)
    await check(survivor, store)
    clock.ms += 1e10
    for (const kind of ['lists', 'list-segments', 'queues', 'queue-segments']) {
      expect(await sessionsOf(store, `chat-${kind}`)).toBe(0)
    }
    if (error === undefined) return deaths
    expect(error).toMatchObject({ message: 'the process has died' })
  }
}

test('a list neither loses nor duplicates items if the process dies between two writes, and everything left over expires', async () => {
  let appended = 0
  let leftOver = 0
  const deaths = await afterEachDeath(
    async (state) => {
      for (appended = 0; appended < 300; appended++) {
        await state.appendToList('l', appended, { maxLength: 100, ttlMs: 60_000 })
      }
    },
    async (state, store) => {
      const list = await state.getList<number>('l')
      const next = list.length === 0 ? 0 : Number(list.at(-1)) + 1
      // The append that did not return may have taken effect.
      expect([appended, appended + 1]).toContain(next)
      expect(list).toEqual(numbers(Math.max(0, next - 100), next))
      for (let n = next; n < next + 200; n++)
        await state.appendToList('l', n, { maxLength: 100, ttlMs: 60_000 })
      expect(await state.getList('l')).toEqual(numbers(next + 100, next + 200))
      leftOver += (await sessionsOf(store, 'chat-list-segments')) > 2 ? 1 : 0
      appended = 0
    },
  )
  expect(deaths).toBeGreaterThan(300)
  // A segment that no head names yet is removed only by its own time to live.
  expect(leftOver).toBeLessThanOrEqual(4)
})

test('if the process dies, a queue returns no entry twice, and loses at most the one that was being dequeued', async () => {
  const later = 1e9
  const given: string[] = []
  let enqueued = 0
  const drain = async (state: StateAdapter) => {
    for (let entry = await state.dequeue('t'); entry !== null; entry = await state.dequeue('t')) {
      given.push(entry.message.id)
    }
  }
  await afterEachDeath(
    async (state) => {
      for (enqueued = 0; enqueued < 150; enqueued++)
        await state.enqueue('t', entryOf(`${enqueued}`, later), 1000)
      await drain(state)
    },
    async (state) => {
      const before = given.length
      await drain(state)
      const ids = given.splice(0).map(Number)
      const made = Math.max(enqueued, ...ids.map((id) => id + 1))
      expect(made - enqueued).toBeLessThanOrEqual(1)
      const missing = numbers(0, made).filter((id) => !ids.includes(id))
      expect(missing.length).toBeLessThanOrEqual(before > 0 || enqueued === 150 ? 1 : 0)
      expect(ids).toEqual(ids.toSorted((a, b) => a - b))
      expect(new Set(ids).size).toBe(ids.length)
      enqueued = 0
    },
  )
})
