import { type ContextStore, present, type StoreOptions } from '@context-store/core'
import { createStore, KeyedLocks, type StoreRules } from '@context-store/core/adapter'
import { afterEach, expect, test, vi } from 'vitest'
import { Gate, settled } from './gate.ts'
import { MapAdapter } from './map-adapter.ts'

const gate = new Gate()

/** An engine that holds every call whose name is in `held` until the test releases it. */
class HeldAdapter extends MapAdapter {
  readonly timeoutMs: number | undefined
  readonly keepsOrder: boolean
  readonly #held: readonly string[]

  constructor(rules: StoreRules, held: readonly string[], timeoutMs?: number, keepsOrder = false) {
    super(rules)
    this.#held = held
    this.timeoutMs = timeoutMs
    this.keepsOrder = keepsOrder
  }

  override async call<T>(name: string, work: () => T): Promise<T> {
    this.calls.push(name)
    if (this.#held.includes(name)) await gate.pass(name)
    return work()
  }
}

function open(
  held: readonly string[],
  { timeoutMs, keepsOrder, ...options }: StoreOptions & { timeoutMs?: number; keepsOrder?: boolean } = {},
): { store: ContextStore; adapter: () => HeldAdapter } {
  let adapter: HeldAdapter | undefined
  const store = createStore((rules) => {
    adapter = new HeldAdapter(rules, held, timeoutMs, keepsOrder)
    return adapter
  }, options)
  return {
    store,
    adapter: () => {
      if (adapter === undefined) throw new Error('not opened')
      return adapter
    },
  }
}

afterEach(() => vi.useRealTimers())

test('a write waits for every earlier call on its session, and other sessions do not wait', async () => {
  const { store, adapter } = open(['patch a', 'read a'])
  const namespace = store.account('1').namespace('n')
  const [a, b] = [namespace.session('a'), namespace.session('b')]
  const first = a.patch({ step: 1 })
  const read = a.get('step')
  const last = a.patch({ step: 2 })
  await b.patch({ step: 1 })
  expect(adapter().calls).toEqual(['patch a', 'patch b'])
  gate.open('patch a')
  await first
  await settled()
  expect(adapter().calls.slice(2)).toEqual(['read a'])
  gate.open('read a')
  expect(await read).toBe(1)
  await settled()
  gate.open('patch a')
  await last
})

test('a namespace that is deleted without `await` is gone for every later call', async () => {
  const { store } = open(['delete n'])
  const namespace = store.account('1').namespace('n')
  await namespace.session('a').patch({ step: 1 })
  const deleted = namespace.delete()
  const later = Promise.all([
    namespace.session('a').getAll(),
    namespace.info(),
    namespace.listSessions(),
    store.accounts()[Symbol.asyncIterator]().next(),
  ])
  await settled()
  gate.open('delete n')
  expect(await later).toEqual([{}, undefined, { items: [] }, { done: true, value: undefined }])
  await deleted
})

test('a listing sees every earlier write, and delays no later one', async () => {
  const { store, adapter } = open(['patch a', 'sessions n'])
  const namespace = store.account('1').namespace('n')
  const written = namespace.session('a').patch({ step: 1 })
  const listed = namespace.listSessions()
  await settled()
  expect(adapter().calls).toEqual(['patch a'])
  gate.open('patch a')
  await written
  await settled()
  expect(gate.holds('sessions n')).toBe(true)
  await namespace.session('b').patch({ step: 1 })
  gate.open('sessions n')
  expect((await listed).items.map(({ id }) => id)).toEqual(['a', 'b'])
})

test('listings and deletions of one namespace, none awaited, do not deadlock', async () => {
  const { store } = open([])
  const namespace = store.account('1').namespace('n')
  const calls = Array.from({ length: 12 }, (_, index) =>
    [
      namespace.session('a').patch({ index }),
      namespace.listSessions(),
      namespace.delete(),
      namespace.info(),
      store.account('1').namespaces()[Symbol.asyncIterator]().next(),
    ].at(index % 5),
  )
  await Promise.all(calls)
  await store.close()
})

test('`patchIf` keeps its place in the queue while it is retried', async () => {
  class TextComparing extends MapAdapter {
    rounds = 0
    override patch(...args: Parameters<MapAdapter['patch']>): ReturnType<MapAdapter['patch']> {
      const [address, request] = args
      if (request.expected === undefined || this.rounds++ % 2 === 1) return super.patch(...args)
      return this.readProperties(address, request.expected.names)
    }
  }
  const session = createStore((rules) => new TextComparing(rules))
    .account('1')
    .namespace('n')
    .session('a')
  await session.patch({ lock: { by: 'me', at: 1 }, step: 0 })
  const [claim, , step] = await Promise.all([
    session.patchIf({ lock: { at: 1, by: 'me' }, step: present }, { step: 1 }),
    session.patch({ lock: 'other' }),
    session.get('step'),
  ])
  expect({ claim, step }).toEqual({ claim: { ok: true }, step: 1 })
})

test('`update` in several steps keeps its place in the queue: later calls see what it wrote', async () => {
  const session = open([]).store.account('1').namespace('n').session('a')
  const count = ({ n = 0 }: { readonly n?: unknown }) => ({ n: Number(n) + 1 })
  const results = await Promise.all([
    session.update(['n'], count),
    session.get('n'),
    session.patch({ n: 10 }),
    session.update(['n'], count),
    session.get('n'),
  ])
  expect(results).toEqual([{ n: 1 }, 1, undefined, { n: 11 }, 11])
})

test('an engine with `keepsOrder` gets single calls at once, but an `update` in several steps runs alone', async () => {
  const { store, adapter } = open(['patch a'], { keepsOrder: true })
  const session = store.account('1').namespace('n').session('a')
  const first = session.patch({ n: 1 })
  const second = session.delete('x')
  const update = session.update(['n'], ({ n }) => ({ n: Number(n) + 1 }))
  await settled()
  expect(adapter().calls).toEqual(['patch a', 'remove a'])
  gate.open('patch a')
  await Promise.all([first, second])
  await settled()
  gate.open('patch a')
  expect(await update).toEqual({ n: 2 })
})

test('time in the queue counts towards the timeout, and a call that was not started is not applied', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { store, adapter } = open(['patch a'], { timeoutMs: 500 })
  const session = store.account('1').namespace('n').session('a')
  const first = session.patch({ step: 1 })
  const waiting = Array.from({ length: 12 }, (_, step) => session.patch({ step }).catch((error) => error))
  await vi.advanceTimersByTimeAsync(499)
  expect(adapter().calls).toEqual(['patch a'])
  await vi.advanceTimersByTimeAsync(1)
  for (const error of await Promise.all(waiting)) {
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-applied', address: { session: 'a' } })
  }
  gate.open('patch a')
  await first
  expect(await session.get('step')).toBe(1)
  expect(adapter().calls).toEqual(['patch a', 'read a'])
})

test('a call that times out while the engine works on it has the outcome `unknown`', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { store } = open(['patch a', 'remove a'], { timeoutMs: 500 })
  const session = store.account('1').namespace('n').session('a')
  const first = session.patch({ step: 1, other: 2 })
  const second = session.delete('step').catch((error) => error)
  await vi.advanceTimersByTimeAsync(300)
  gate.open('patch a')
  await first
  await vi.advanceTimersByTimeAsync(200)
  expect(await second).toMatchObject({ code: 'unavailable', outcome: 'unknown' })
  gate.open('remove a')
  expect(await session.getAll()).toEqual({ other: 2 })
})

test('the queue works after 20,000 calls have timed out in it', async () => {
  const { store } = open(['patch a'], { timeoutMs: 10 })
  const session = store.account('1').namespace('n').session('a')
  const first = session.patch({ step: 1 })
  const late = Array.from({ length: 20_000 }, (_, index) =>
    (index % 2 === 0 ? session.delete('step') : session.get('step')).catch(({ code }) => code),
  )
  expect(new Set(await Promise.all(late))).toEqual(new Set(['unavailable']))
  gate.open('patch a')
  await first
  expect(await session.get('step')).toBe(1)
  await store.close()
})

test('a lock is released if the engine returns a plain value instead of a promise', async () => {
  class Plain extends MapAdapter {
    override patch(...args: Parameters<MapAdapter['patch']>): ReturnType<MapAdapter['patch']> {
      void super.patch(...args)
      return undefined as never
    }
  }
  const store = createStore((rules) => new Plain(rules))
  const session = store.account('1').namespace('n').session('a')
  await Promise.all([session.patch({ a: 1 }), session.patch({ b: 1 })])
  expect(await session.getAll()).toEqual({ a: 1, b: 1 })
  await store.close()
})

test('reads of a namespace wait for the earlier writes, however many there are, and for no later one', async () => {
  const { store, adapter } = open(['patch held'])
  const namespace = store.account('1').namespace('n')
  const held = namespace.session('held').patch({ a: 1 })
  const infos: Promise<unknown>[] = []
  for (let index = 0; index < 5000; index++) {
    infos.push(namespace.info())
    await namespace.session(`s${index % 10}`).patch({ index })
  }
  expect(adapter().calls.filter((call) => call === 'namespaces 1')).toEqual([])
  gate.open('patch held')
  await held
  expect(new Set((await Promise.all(infos)).map((info) => (info as { name: string }).name))).toEqual(
    new Set(['n']),
  )
})

test('an `update` that has timed out takes no further step', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { store, adapter } = open(['patch a', 'read a'], { timeoutMs: 500 })
  const session = store.account('1').namespace('n').session('a')
  const first = session.patch({ step: 1 })
  const change = vi.fn(() => ({ step: 2 }))
  const update = session.update(['step'], change).catch((error) => error)
  await vi.advanceTimersByTimeAsync(100)
  gate.open('patch a')
  await first
  await vi.advanceTimersByTimeAsync(400)
  expect(await update).toMatchObject({ code: 'unavailable' })
  gate.open('read a')
  await settled()
  expect(change).not.toHaveBeenCalled()
  expect(adapter().calls).toEqual(['patch a', 'read a'])
  await store.close()
})

test('a call of the engine that throws instead of rejecting is a rejection, and the calls behind it continue', async () => {
  class Throwing extends MapAdapter {
    override patch(...args: Parameters<MapAdapter['patch']>): ReturnType<MapAdapter['patch']> {
      if (args[1].changes.names.includes('throws')) throw new RangeError('Invalid string length')
      return super.patch(...args)
    }
  }
  const store = createStore((rules) => new Throwing(rules))
  const session = store.account('1').namespace('n').session('a')
  const calls = await Promise.allSettled([
    session.patch({ a: 1 }),
    session.patch({ throws: 1 }),
    session.patch({ b: 1 }),
    session.patchIf({ a: 1 }, { throws: 2 }),
    session.getAll(),
  ])
  expect(calls.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  expect(calls[1]).toMatchObject({
    reason: { code: 'unavailable', outcome: 'unknown', cause: expect.any(RangeError) },
  })
  expect(calls[4]).toMatchObject({ value: { a: 1, b: 1 } })
  await store.close()
})

test('`KeyedLocks` releases a lock whose task throws', async () => {
  const locks = new KeyedLocks()
  const failing = locks.exclude('key', () => {
    throw new Error('thrown at once')
  })
  await expect(failing).rejects.toThrow('thrown at once')
  expect(await locks.exclude('key', async () => 'ran')).toBe('ran')
  const behind = [
    locks.exclude('key', settled),
    locks.share('key', () => {
      throw new Error('thrown in the queue')
    }),
    locks.share('key', async () => 'ran too'),
  ]
  expect((await Promise.allSettled(behind)).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
})

test('`KeyedLocks` starts tasks in order, and those that share a key run concurrently', async () => {
  const locks = new KeyedLocks()
  const events: string[] = []
  const work = (name: string) => async () => {
    events.push(`${name}+`)
    await settled()
    events.push(`${name}-`)
  }
  await Promise.all([
    locks.share('key', work('a')),
    locks.share('key', work('b')),
    locks.exclude('key', work('c')),
    locks.share('key', work('d')),
    locks.exclude('other', work('x')),
  ])
  expect(events.filter((event) => !event.startsWith('x')).join(' ')).toBe('a+ b+ a- b- c+ c- d+ d-')
  expect(events.indexOf('x+')).toBeLessThan(events.indexOf('a-'))
})

test('`close` waits for every step of the pending calls, and returns the same promise a second time', async () => {
  const { store, adapter } = open(['patch a', 'close'])
  const session = store.account('1').namespace('n').session('a')
  const update = session.update(['n'], () => ({ n: 1 }))
  const listed = store.account('1').namespace('n').listSessions()
  const closed = store.close()
  expect(store.close()).toBe(closed)
  await settled()
  gate.open('patch a')
  await Promise.all([update, listed])
  await settled()
  expect(adapter().calls.at(-1)).toBe('close')
  gate.open('close')
  await closed
  await expect(session.get('n')).rejects.toMatchObject({ code: 'closed' })
})

test('`close` rejects every time if the engine fails to close', async () => {
  class Stuck extends MapAdapter {
    override close(): Promise<void> {
      throw new Error('stuck')
    }
  }
  const store = createStore((rules) => new Stuck(rules))
  for (let count = 0; count < 2; count++) {
    await expect(store.close()).rejects.toMatchObject({ code: 'unavailable', cause: { message: 'stuck' } })
  }
})
