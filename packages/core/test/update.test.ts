import { absent, type ContextStore, type Properties } from '@context-store/core'
import { createStore, createStoreWithSync, type SyncStorageAdapter } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { expect, test, vi } from 'vitest'
import { MapAdapter } from './map-adapter.ts'

const session = () => memoryStore().account('a').namespace('n').session('s')

test('calls made after an `update` take effect after it, in order', async () => {
  const counter = session()
  await counter.patch({ turns: 1 })
  const update = counter.update(['turns'], ({ turns }) => ({ turns: Number(turns) + 1 }))
  const calls = [counter.get('turns'), counter.patch({ turns: 10 }), counter.get('turns')]
  expect(await Promise.all(calls)).toEqual([2, undefined, 10])
  expect(await update).toEqual({ turns: 2 })
})

test('an `update` of another session does not wait', async () => {
  const store = memoryStore().account('a').namespace('n')
  await Promise.all([store.session('1').update([], () => ({ a: 1 })), store.session('2').patch({ a: 2 })])
  expect(await store.session('2').getAll()).toEqual({ a: 2 })
})

test('1,280 concurrent updates of a counter add 1,280', async () => {
  const counter = session()
  const one = () => counter.update(['turns'], ({ turns = 0 }) => ({ turns: Number(turns) + 1 }))
  const results = await Promise.all(Array.from({ length: 1280 }, one))
  expect(new Set(results.map(({ turns }) => turns)).size).toBe(1280)
  expect(await counter.get('turns')).toBe(1280)
})

test('an error that `change` throws reaches the caller, and waiting calls continue', async () => {
  const counter = session()
  const failing = counter.update(['a'], () => {
    throw new Error('mine')
  })
  const behind = counter.patch({ a: 1 })
  await expect(failing).rejects.toThrow('mine')
  await behind
  expect(await counter.getAll()).toEqual({ a: 1 })
})

const invalidChanges: readonly (readonly [string, unknown])[] = [
  ['an asynchronous function', async () => ({ a: 1 })],
  ['a function that returns a promise that rejects', () => Promise.reject(new Error('not awaited'))],
  ['undefined', undefined],
  ['a patch instead of a function', { a: 1 }],
]
test.each(invalidChanges)(
  '`update` refuses a `change` that is %s, and the message says what it must be',
  async (_, change) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    for (const counter of [session(), mapStore().account('a').namespace('n').session('s')]) {
      const error = await counter.update(['a'], change as never).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'invalid-option', message: expect.stringContaining('synchronous') })
      expect(await counter.getAll()).toEqual({})
    }
    await new Promise(setImmediate)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  },
)

test('`update` refuses a `change` that calls its own store, on every engine and on both sides', async () => {
  const memory = memoryStore()
  const calls = [
    (store: ContextStore) =>
      void store
        .account('a')
        .namespace('n')
        .session('other')
        .patch({ b: 1 })
        .catch(() => undefined),
    () => memory.sync.session({ account: 'a', namespace: 'n' }).get('a'),
    () => memory.sync.close(),
  ]
  const codes: unknown[] = []
  for (const store of [memory, mapStore()]) {
    for (const call of calls) {
      const counter = store.account('a').namespace('n').session('s')
      await counter
        .update(['a'], () => {
          call(store)
          return { a: 1 }
        })
        .catch((error: { code: unknown }) => codes.push(error.code))
    }
    expect(await store.account('a').namespace('n').session('other').getAll()).toEqual({})
  }
  // The calls on memory's synchronous side throw within its own update; a rejected promise is left to the caller.
  expect(codes).toEqual(['unsupported', 'unsupported'])
})

test('`update` with invalid arguments does not call `change`, on both sides', async () => {
  const store = memoryStore()
  const change = vi.fn(() => ({ a: 1 }))
  const [counter, sync] = [store, store.sync].map((side) => side.session({ account: 'a', namespace: 'n' }))
  for (const args of [
    [['a'], change, { ttlSeconds: -1 }],
    [['a'], change, { ttl: 1 }],
    ['a', change],
    [[1], change],
  ]) {
    await expect(counter?.update(...(args as [never, never]))).rejects.toMatchObject({
      code: expect.stringMatching(/^invalid-/),
    })
    expect(() => sync?.update(...(args as [never, never]))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^invalid-/) }),
    )
  }
  expect(change).not.toHaveBeenCalled()
})

test('`close` waits for a pending `update`', async () => {
  const store = memoryStore()
  const counter = store.account('a').namespace('n').session()
  const update = counter.update(['a'], () => ({ a: 1 }))
  await store.close()
  expect(await update).toEqual({ a: 1 })
  await expect(counter.get('a')).rejects.toMatchObject({ code: 'closed' })
})

function mapStore(): ContextStore {
  return createStore((rules) => new MapAdapter(rules))
}

test('`update` that loses every race is a conflict', async () => {
  class AlwaysChanged extends MapAdapter {
    races = 0
    override async patch(): Promise<Properties> {
      return { a: ++this.races }
    }
  }
  const adapters: AlwaysChanged[] = []
  const store = createStore((rules) => {
    const adapter = new AlwaysChanged(rules)
    adapters.push(adapter)
    return adapter
  })
  const counter = store.account('a').namespace('n').session()
  await expect(counter.update(['a'], () => ({ a: 1 }))).rejects.toMatchObject({
    code: 'conflict',
    address: { account: 'a', namespace: 'n', session: '__default__' },
  })
  expect(adapters[0]?.races).toBeGreaterThanOrEqual(100)
})

test('if an engine compares texts, core retries a condition that holds with the stored text', async () => {
  const stored = '{"y":1,"x":2}'
  const asked: string[] = []
  class TextComparing extends MapAdapter {
    override async patch(...[, request]: Parameters<MapAdapter['patch']>): Promise<Properties | undefined> {
      asked.push(JSON.stringify(request.expected?.values.a))
      return asked.at(-1) === stored ? undefined : { a: JSON.parse(stored) }
    }
  }
  const document = createStore((rules) => new TextComparing(rules))
    .account('a')
    .namespace('n')
    .session()
  expect(await document.patchIf({ a: { x: 2, y: 1 } }, { b: 1 })).toEqual({ ok: true })
  expect(asked).toEqual(['{"x":2,"y":1}', stored])
  expect(await document.patchIf({ a: { x: 3 } }, { b: 1 })).toEqual({
    ok: false,
    current: { a: { x: 2, y: 1 } },
  })
})

test('`update` on a synchronous engine without `update` patches with a condition, and retries a lost race', () => {
  const kept: { n: number } = { n: 0 }
  let rivals = 3
  const engine: Pick<SyncStorageAdapter, 'patch' | 'readProperties'> = {
    readProperties: () => ({ ...kept }),
    patch: (_address, { changes, expected }) => {
      if (rivals-- > 0) kept.n += 100
      if (expected?.values.n !== kept.n) return { ...kept }
      kept.n = Number(changes.values.n)
      return undefined
    },
  }
  const nothing = () => undefined
  const empty = () => ({ items: [], next: undefined })
  const store = createStoreWithSync(() => ({
    ...engine,
    createNamespace: nothing,
    deleteNamespace: nothing,
    listAccounts: empty,
    listNamespaces: empty,
    listSessions: empty,
    deleteProperties: nothing,
    clearSession: nothing,
    close: nothing,
  }))
  const counter = store.sync.session({ account: 'a', namespace: 'n' })
  expect(counter.update(['n', 'gone'], ({ n }) => ({ n: Number(n) + 1, gone: absent }))).toEqual({ n: 301 })
})

test('`update` refuses a call to the store from a getter of what `change` returns', async () => {
  const store = memoryStore()
  const sync = store.sync.session({ account: 'a', namespace: 'n', session: 'other' })
  const counter = store.account('a').namespace('n').session('s')
  const calls: readonly (() => void)[] = [() => sync.patch({ c: 3 }), () => store.sync.close()]
  for (const call of calls) {
    const change = () => ({
      get a() {
        call()
        return 1
      },
    })
    await expect(counter.update(['a'], change)).rejects.toMatchObject({ code: 'unsupported' })
  }
  expect(sync.getAll()).toEqual({})
  expect(await counter.getAll()).toEqual({})
})

test('`update` refuses a result of `change` that is unreadable or not an object, and writes nothing', async () => {
  const { proxy, revoke } = Proxy.revocable({ a: 1 }, {})
  revoke()
  const get = (): never => {
    throw new Error('trap')
  }
  const trap = Object.defineProperty({}, 'then', { get, enumerable: true })
  for (const store of [memoryStore(), mapStore()]) {
    const counter = store.account('a').namespace('n').session('s')
    for (const result of [proxy, trap, 5, null, 'text']) {
      await expect(counter.update(['a'], () => result as never)).rejects.toMatchObject({
        code: 'invalid-value',
        outcome: 'not-applied',
      })
    }
    expect(await counter.getAll()).toEqual({})
  }
})
