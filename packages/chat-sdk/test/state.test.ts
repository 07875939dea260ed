import { chatSdkState } from '@context-store/chat-sdk'
import { ContextStoreError, InvalidOptionError } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { type Lock, Message, parseMarkdown, type QueueEntry, type StateAdapter } from 'chat'
import { describe, expect, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'
import { entryOf, numbers } from './entries.ts'

const thread = 'slack:C123:1234.5678'

onEachStore((open) => {
  /** A state; the test moves its clock and that of its store. */
  async function stateAt(start = 1_000_000): Promise<{ state: StateAdapter; clock: { ms: number } }> {
    const clock = { ms: start }
    const now = () => clock.ms
    const state = chatSdkState(open({ now }).account('bot'), { now })
    await state.connect()
    return { state, clock }
  }

  async function lockOf(state: StateAdapter, ttlMs: number): Promise<Lock> {
    const lock = await state.acquireLock(thread, ttlMs)
    if (lock === null) throw new Error('the lock is held')
    return lock
  }

  describe('connection', () => {
    test('every method rejects before `connect` and after `disconnect`', async () => {
      const state = chatSdkState(open().account('bot'))
      const lock = { threadId: thread, token: 't', expiresAt: 0 }
      const calls = [
        () => state.subscribe(thread),
        () => state.unsubscribe(thread),
        () => state.isSubscribed(thread),
        () => state.acquireLock(thread, 1000),
        () => state.extendLock(lock, 1000),
        () => state.releaseLock(lock),
        () => state.forceReleaseLock(thread),
        () => state.get('k'),
        () => state.set('k', 1),
        () => state.setIfNotExists('k', 1),
        () => state.delete('k'),
        () => state.appendToList('k', 1),
        () => state.getList('k'),
        () => state.enqueue(thread, entryOf('m', 0), 1),
        () => state.dequeue(thread),
        () => state.queueDepth(thread),
      ]
      for (const call of calls) await expect(call()).rejects.toThrow('not connected')
      await Promise.all([state.connect(), state.connect()])
      for (const call of calls) await call()
      await state.disconnect()
      await state.disconnect()
      for (const call of calls) await expect(call()).rejects.toThrow('not connected')
    })

    test('`disconnect` deletes nothing, and another process sees everything', async () => {
      const place = crypto.randomUUID()
      const one = chatSdkState(open({ place }).account('bot'))
      await one.connect()
      await one.subscribe(thread)
      await one.acquireLock(thread, 60_000)
      await one.set('k', 1)
      await one.appendToList('l', 1)
      await one.enqueue(thread, entryOf('m', Date.now() + 90_000), 10)
      await one.disconnect()
      const other = chatSdkState(open({ place }).account('bot'))
      await other.connect()
      expect(await other.isSubscribed(thread)).toBe(true)
      expect(await other.acquireLock(thread, 60_000)).toBeNull()
      expect(await other.get('k')).toBe(1)
      expect(await other.getList('l')).toEqual([1])
      expect(await other.queueDepth(thread)).toBe(1)
    })
  })

  describe('subscriptions', () => {
    test('a thread stays subscribed until `unsubscribe`, independently of others', async () => {
      const { state, clock } = await stateAt()
      await state.subscribe(thread)
      await state.subscribe(thread)
      clock.ms += 1e12
      expect(await state.isSubscribed(thread)).toBe(true)
      expect(await state.isSubscribed('another')).toBe(false)
      await state.unsubscribe(thread)
      await state.unsubscribe(thread)
      expect(await state.isSubscribed(thread)).toBe(false)
    })
  })

  describe('locks', () => {
    test('a lock has one holder until it is released', async () => {
      const { state, clock } = await stateAt()
      const lock = await lockOf(state, 5000)
      expect(lock).toEqual({ threadId: thread, token: expect.any(String), expiresAt: clock.ms + 5000 })
      expect(await state.acquireLock(thread, 5000)).toBeNull()
      expect(await state.acquireLock('another', 5000)).not.toBeNull()
      await state.releaseLock(lock)
      expect((await lockOf(state, 5000)).token).not.toBe(lock.token)
    })

    test.each([1, 10, 999, 1000, 1001, 1500, 30_000])(
      'a lock of %i ms expires at that millisecond',
      async (ttlMs) => {
        const { state, clock } = await stateAt()
        const first = await lockOf(state, ttlMs)
        clock.ms += ttlMs - 1
        expect(await state.acquireLock(thread, ttlMs)).toBeNull()
        clock.ms += 1
        expect(await state.extendLock(first, 5000)).toBe(false)
        const second = await lockOf(state, ttlMs)
        expect(second.token).not.toBe(first.token)
        expect(await state.extendLock(first, 5000)).toBe(false)
        clock.ms += ttlMs - 1
        expect(await state.acquireLock(thread, ttlMs)).toBeNull()
      },
    )

    test.each([
      [1500, 2000],
      [2000, 1500],
      [300, 700],
      [30_000, 10],
    ])('a lock of %i ms that is extended by %i ms expires at the new end', async (ttlMs, longerMs) => {
      const { state, clock } = await stateAt()
      const lock = await lockOf(state, ttlMs)
      clock.ms += ttlMs - 1
      expect(await state.extendLock(lock, longerMs)).toBe(true)
      clock.ms += longerMs - 1
      expect(await state.acquireLock(thread, 5000)).toBeNull()
      clock.ms += 1
      await lockOf(state, 5000)
    })

    test('`extendLock` does not revive a lock that was released, released by force, or taken over', async () => {
      const { state } = await stateAt()
      const released = await lockOf(state, 5000)
      await state.releaseLock(released)
      expect(await state.extendLock(released, 5000)).toBe(false)
      const forced = await lockOf(state, 5000)
      await state.forceReleaseLock(thread)
      expect(await state.extendLock(forced, 5000)).toBe(false)
      const taken = await lockOf(state, 5000)
      expect(await state.extendLock(forced, 5000)).toBe(false)
      await state.releaseLock(forced)
      expect(await state.acquireLock(thread, 5000)).toBeNull()
      expect(await state.extendLock(taken, 5000)).toBe(true)
    })

    test('`forceReleaseLock` of a lock that is not held is not an error', async () => {
      const { state } = await stateAt()
      await state.forceReleaseLock(thread)
    })

    test('`acquireLock` and `extendLock` refuse a time to live that is not a positive number', async () => {
      const { state } = await stateAt()
      const lock = await lockOf(state, 5000)
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        await expect(state.acquireLock('another', ttlMs)).rejects.toThrow(InvalidOptionError)
        await expect(state.extendLock(lock, ttlMs)).rejects.toThrow(InvalidOptionError)
      }
    })

    test.each([1000, 1])(
      'exactly one of 40 contenders acquires a lock, and again after it expires (%i ms)',
      async (ttlMs) => {
        const place = crypto.randomUUID()
        const clock = { ms: 1_000_000 }
        const now = () => clock.ms
        const states = Array.from({ length: 8 }, () =>
          chatSdkState(open({ place, now }).account('bot'), { now }),
        )
        await Promise.all(states.map((state) => state.connect()))
        const tokens = new Set<string>()
        for (let round = 1; round <= 3; round++) {
          const locks = await Promise.all(
            Array.from({ length: 5 }, () => states.map((state) => state.acquireLock(thread, ttlMs))).flat(),
          )
          for (const lock of locks) if (lock !== null) tokens.add(lock.token)
          expect(tokens.size).toBe(round)
          clock.ms += ttlMs
        }
      },
    )
  })

  describe('cache', () => {
    test('`set`, `get` and `delete` any JSON value', async () => {
      const { state, clock } = await stateAt()
      expect(await state.get('k')).toBeNull()
      for (const value of ['text', 0, false, null, [], {}, { a: [1, { b: null }] }]) {
        await state.set('k', value)
        expect(await state.get('k')).toEqual(value)
      }
      clock.ms += 1e12
      expect(await state.get('k')).not.toBeNull()
      await state.delete('k')
      await state.delete('k')
      expect(await state.get('k')).toBeNull()
    })

    test.each([1, 10, 1500, 2000])('a value of %i ms expires at that millisecond', async (ttlMs) => {
      const { state, clock } = await stateAt()
      await state.set('k', 'old', ttlMs)
      clock.ms += ttlMs - 1
      expect(await state.get('k')).toBe('old')
      expect(await state.setIfNotExists('k', 'new', ttlMs)).toBe(false)
      clock.ms += 1
      expect(await state.get('k')).toBeNull()
      expect(await state.setIfNotExists('k', 'new', ttlMs)).toBe(true)
      expect(await state.get('k')).toBe('new')
      clock.ms += ttlMs
      expect(await state.get('k')).toBeNull()
    })

    test('a value has the time to live of the last `set`', async () => {
      const { state, clock } = await stateAt()
      await state.set('k', 1, 1500)
      await state.set('k', 2)
      await state.set('l', 1)
      await state.set('l', 2, 1500)
      clock.ms += 2000
      expect(await state.get('k')).toBe(2)
      expect(await state.get('l')).toBeNull()
    })

    test('`setIfNotExists` sets a missing value once, and does not replace null', async () => {
      const { state } = await stateAt()
      const made = await Promise.all(Array.from({ length: 10 }, (_, n) => state.setIfNotExists('k', n)))
      expect(made.filter((isNew) => isNew)).toHaveLength(1)
      await state.set('k', null)
      expect(await state.setIfNotExists('k', 1)).toBe(false)
    })

    test('a value is stored as its JSON', async () => {
      const { state } = await stateAt()
      await state.set('k', { at: new Date(0), none: undefined, list: [undefined], odd: 'a\ud800' })
      expect(await state.get('k')).toEqual({ at: '1970-01-01T00:00:00.000Z', list: [null], odd: 'a\ufffd' })
      await state.set('k', undefined)
      expect(await state.get('k')).toBeNull()
      await expect(state.set('k', 1n)).rejects.toThrow(TypeError)
    })

    test('any string is a key', async () => {
      const { state } = await stateAt()
      const keys = ['', '__proto__', 'x'.repeat(5000), `${'x'.repeat(4999)}y`, '\ud800', '/:%,', '🙂']
      for (const [n, key] of keys.entries()) {
        await state.set(key, n)
        await state.appendToList(key, n)
        await state.subscribe(key)
      }
      for (const [n, key] of keys.entries()) {
        expect(await state.get(key)).toBe(n)
        expect(await state.getList(key)).toEqual([n])
        expect(await state.isSubscribed(key)).toBe(true)
      }
    })
  })

  describe('lists', () => {
    test('a list keeps its order and is trimmed to the newest items', async () => {
      const { state } = await stateAt()
      expect(await state.getList('l')).toEqual([])
      for (let n = 0; n < 300; n++) await state.appendToList('all', { n })
      expect(await state.getList('all')).toEqual(numbers(0, 300).map((n) => ({ n })))
      for (const maxLength of [1, 3, 64, 65, 100]) {
        for (let n = 0; n < 230; n++) {
          await state.appendToList(`${maxLength}`, n, { maxLength })
        }
        expect(await state.getList(`${maxLength}`)).toEqual(numbers(230 - maxLength, 230))
      }
      await state.appendToList('100', 'last', { maxLength: 2 })
      expect(await state.getList('100')).toEqual([229, 'last'])
    })

    test('lists and the cache have separate keys', async () => {
      const { state } = await stateAt()
      await state.appendToList('k', 1)
      await state.set('k', 'cached')
      await state.delete('k')
      expect(await state.getList('k')).toEqual([1])
    })

    test.each([10, 1500, 2000])(
      'an append restarts the %i ms of a list, and one without a time to live removes the expiry',
      async (ttlMs) => {
        const { state, clock } = await stateAt()
        await state.appendToList('l', 1, { ttlMs })
        clock.ms += ttlMs - 1
        await state.appendToList('l', 2, { ttlMs })
        clock.ms += ttlMs - 1
        expect(await state.getList('l')).toEqual([1, 2])
        clock.ms += 1
        expect(await state.getList('l')).toEqual([])
        await state.appendToList('l', 3, { ttlMs })
        expect(await state.getList('l')).toEqual([3])
        await state.appendToList('l', 4)
        clock.ms += 1e12
        expect(await state.getList('l')).toEqual([3, 4])
      },
    )

    test('a list of several segments starts empty after it has expired', async () => {
      const { state, clock } = await stateAt()
      for (let n = 0; n < 150; n++) await state.appendToList('l', n, { ttlMs: 1500 })
      clock.ms += 1500
      for (let n = 150; n < 300; n++) await state.appendToList('l', n, { ttlMs: 1500 })
      expect(await state.getList('l')).toEqual(numbers(150, 300))
    })

    test('segments live as long as their list, and expire some time after it', async () => {
      const clock = { ms: 1_000_000 }
      const now = () => clock.ms
      const account = open({ now }).account('bot')
      const state = chatSdkState(account, { now })
      await state.connect()
      const segments = async () => (await account.namespace('chat-list-segments').listSessions()).items.length
      for (let n = 0; n < 200; n++) {
        await state.appendToList('l', n, { ttlMs: 60_500 })
        clock.ms += 60_000
      }
      expect(await state.getList('l')).toEqual(numbers(0, 200))
      expect(await segments()).toBe(3)
      await state.appendToList('l', 200, { ttlMs: 86_400_000 })
      clock.ms += 86_399_999
      expect(await state.getList('l')).toEqual(numbers(0, 201))
      await state.appendToList('l', 201)
      clock.ms += 1e12
      expect(await state.getList('l')).toEqual(numbers(0, 202))

      for (let n = 0; n < 200; n++) await state.appendToList('m', n, { ttlMs: 60_500 })
      await state.appendToList('l', 202, { maxLength: 1 })
      expect(await segments()).toBe(3)
      clock.ms += 2 * 61_000 + 3_600_000
      expect(await segments()).toBe(0)
    })

    test('large items are moved to segments by size', async () => {
      const { state } = await stateAt()
      const text = 'x'.repeat(30_000)
      for (let n = 0; n < 40; n++) await state.appendToList('l', { n, text })
      await state.appendToList('l', 'y'.repeat(700_000))
      await state.appendToList('l', 'z'.repeat(700_000))
      const list = await state.getList('l')
      expect(list).toHaveLength(42)
      expect(list[39]).toEqual({ n: 39, text })
      await expect(state.appendToList('l', 'x'.repeat(800_000))).rejects.toSatisfy((error) =>
        ContextStoreError.is(error, 'too-large'),
      )
      expect(await state.getList('l')).toHaveLength(42)
    })

    test.each([0, 100])(
      'all concurrent appends of 4 states are kept, in order (maxLength %i)',
      async (maxLength) => {
        const place = crypto.randomUUID()
        const states = Array.from({ length: 4 }, () => chatSdkState(open({ place }).account('bot')))
        await Promise.all(states.map((state) => state.connect()))
        const each = 60
        await Promise.all(
          states.map(async (state, by) => {
            for (let n = 0; n < each; n += 3) {
              await Promise.all(
                [n, n + 1, n + 2].map((m) => state.appendToList('l', { by, n: m }, { maxLength })),
              )
              const read = await state.getList<{ by: number; n: number }>('l')
              expect(read.at(-1)).toBeDefined()
            }
          }),
        )
        const list = (await states[0]?.getList<{ by: number; n: number }>('l')) ?? []
        expect(list).toHaveLength(maxLength || 4 * each)
        for (const by of states.keys()) {
          const mine = list.filter((item) => item.by === by).map(({ n }) => n)
          expect(mine).toEqual(numbers(each - mine.length, each))
        }
        const segments = await open({ place }).account('bot').namespace('chat-list-segments').listSessions()
        expect(segments.items.length).toBeLessThanOrEqual(list.length / 30 + 1)
      },
    )
  })

  describe('queues', () => {
    const later = Date.now() + 1e9

    test('`dequeue` returns entries in the order of `enqueue`, and `queueDepth` counts them', async () => {
      const { state } = await stateAt()
      expect(await state.dequeue(thread)).toBeNull()
      expect(await state.queueDepth(thread)).toBe(0)
      for (let n = 0; n < 150; n++) {
        expect(await state.enqueue(thread, entryOf(`m${n}`, later), 1000)).toBe(n + 1)
      }
      await state.enqueue('another', entryOf('x', later), 1000)
      for (let n = 0; n < 150; n++) {
        expect(await state.queueDepth(thread)).toBe(150 - n)
        expect(await state.dequeue(thread)).toEqual(entryOf(`m${n}`, later))
      }
      expect(await state.dequeue(thread)).toBeNull()
      expect(await state.queueDepth(thread)).toBe(0)
      expect(await state.enqueue(thread, entryOf('again', later), 1000)).toBe(1)
      expect(await state.dequeue(thread)).toEqual(entryOf('again', later))
    })

    test.each([1, 3, 100])('a queue keeps the newest %i entries', async (maxSize) => {
      const { state } = await stateAt()
      for (let n = 0; n < 150; n++) {
        expect(await state.enqueue(thread, entryOf(`m${n}`, later), maxSize)).toBe(Math.min(n + 1, maxSize))
      }
      for (let n = 150 - maxSize; n < 150; n++) {
        expect(await state.dequeue(thread)).toEqual(entryOf(`m${n}`, later))
      }
      expect(await state.dequeue(thread)).toBeNull()
    })

    test('`dequeue` returns an expired entry, for the Chat SDK to log; an hour later it is gone', async () => {
      const { state, clock } = await stateAt()
      await state.enqueue(thread, entryOf('m', clock.ms + 90_000), 10)
      clock.ms += 90_001
      expect(await state.queueDepth(thread)).toBe(1)
      expect(await state.dequeue(thread)).not.toBeNull()
      await state.enqueue(thread, entryOf('m', clock.ms + 90_000), 10)
      clock.ms += 90_000 + 3_600_000
      expect(await state.dequeue(thread)).toBeNull()
    })

    test('a queue that is only dequeued from, long after its entries have expired, ends without an error', async () => {
      const { state, clock } = await stateAt()
      for (let n = 0; n < 200; n++) await state.enqueue(thread, entryOf(`m${n}`, clock.ms + 90_000), 1000)
      const taken: unknown[] = []
      for (let n = 0; n < 100; n++) {
        taken.push(await state.dequeue(thread))
        clock.ms += 600_000
      }
      expect(taken).toContain(null)
      expect(await state.enqueue(thread, entryOf('new', clock.ms), 1000)).toBe(1)
      expect(await state.dequeue(thread)).toEqual(entryOf('new', clock.ms))
    })

    test('a message comes back as its JSON', async () => {
      const { state } = await stateAt()
      const message = new Message({
        id: 'm',
        threadId: thread,
        text: 'hello',
        formatted: parseMarkdown('hello'),
        raw: { at: new Date(0) },
        author: { userId: 'u', userName: 'ann', fullName: 'Ann', isBot: false, isMe: false },
        metadata: { dateSent: new Date(0), edited: false },
        attachments: [],
      })
      const entry: QueueEntry = { message, enqueuedAt: 0, expiresAt: later }
      await state.enqueue(thread, entry, 10)
      expect(await state.dequeue(thread)).toEqual(JSON.parse(JSON.stringify(entry)))
    })

    test('with 4 producers and 4 consumers each entry is dequeued once, in the order of its producer', async () => {
      const place = crypto.randomUUID()
      const states = Array.from({ length: 4 }, () => chatSdkState(open({ place }).account('bot')))
      await Promise.all(states.map((state) => state.connect()))
      const each = 40
      const given: string[][] = states.map(() => [])
      let left = each * states.length
      const produce = states.map(async (state, by) => {
        for (let n = 0; n < each; n++) await state.enqueue(thread, entryOf(`${by}-${n}`, later), 1000)
      })
      const consume = states.map(async (state, by) => {
        while (left > 0) {
          const entry = await state.dequeue(thread)
          if (entry === null) continue
          left--
          given[by]?.push(entry.message.id)
        }
      })
      await Promise.all([...produce, ...consume])
      expect(new Set(given.flat()).size).toBe(each * states.length)
      for (const ids of given) {
        for (const by of states.keys()) {
          const mine = ids.filter((id) => id.startsWith(`${by}-`)).map((id) => Number(id.split('-')[1]))
          expect(mine).toEqual(mine.toSorted((a, b) => a - b))
        }
      }
      const rest = await open({ place }).account('bot').namespace('chat-queues').listSessions()
      expect(rest.items).toEqual([])
    })
  })
})

describe('chatSdkState', () => {
  test('refuses unknown options and an invalid clock', () => {
    const account = memoryStore().account('bot')
    expect(() => chatSdkState(account, { ttlSeconds: 1 } as object)).toThrow(InvalidOptionError)
    expect(() => chatSdkState(account, { now: 5 } as object)).toThrow(InvalidOptionError)
  })

  test('works on a store with explicit namespaces', async () => {
    const state = chatSdkState(memoryStore({ namespaces: 'explicit' }).account('bot'))
    await state.connect()
    await state.appendToList('l', 1)
    expect(await state.getList('l')).toEqual([1])
  })

  test('`connect` rejects if the store is closed', async () => {
    const store = memoryStore()
    await store.close()
    await expect(chatSdkState(store.account('bot')).connect()).rejects.toSatisfy((error) =>
      ContextStoreError.is(error, 'closed'),
    )
  })
})
