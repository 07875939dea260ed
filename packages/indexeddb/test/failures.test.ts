import 'fake-indexeddb/auto'
import type { ContextStore } from '@context-store/core'
import { batch } from '@context-store/core/adapter'
import { type IndexedDbStoreOptions, indexedDbStore } from '@context-store/indexeddb'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'

interface Database {
  close(): void
  transaction(names: readonly string[], mode?: string): { objectStore(name: string): { count(): Request } }
}
interface Request {
  result: unknown
  onsuccess: (() => void) | null
  onerror: (() => void) | null
}
interface Factory {
  open(name: string, version?: number): Request
  deleteDatabase(name: string): Request
}
/** The methods of IndexedDB classes that tests replace with failing ones. */
type Class<M extends string> = { readonly prototype: { [name in M]: (...args: never[]) => unknown } }
interface Host {
  indexedDB: Factory | undefined
  IDBObjectStore: Class<'put' | 'add'>
  IDBDatabase: Class<'transaction'>
}
// The tests are compiled without the DOM types.
const host = globalThis as unknown as Host
const { indexedDB } = host as { indexedDB: Factory }

const address = { account: '577089', namespace: 'orders', session: 'c1' }
const notApplied = { code: 'unavailable', outcome: 'not-applied' }
let made = 0

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  host.indexedDB = indexedDB
})

function open(options: Partial<IndexedDbStoreOptions> = {}): { store: ContextStore; name: string } {
  const name = options.name ?? `failures ${made++}`
  const store = indexedDbStore({ ...options, name })
  onTestFinished(() => store.close())
  return { store, name }
}

function answer(request: Request): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(new Error('the request failed'))
  })
}

/** How many sessions the database has, including those of deleted namespaces. */
async function storedSessions(name: string): Promise<number> {
  const database = (await answer(indexedDB.open(name))) as Database
  const count = await answer(database.transaction(['sessions']).objectStore('sessions').count())
  database.close()
  return count as number
}

test.each([
  [{ name: '' }],
  [{ name: 5 }],
  [{ name: '\ud800' }],
  [{ name: 'x', durability: 'strict' }],
  [{ name: 'x', quota: 1 }],
  [undefined],
])('invalid options are refused: %j', (options) => {
  expect(() => indexedDbStore(options as unknown as IndexedDbStoreOptions)).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  )
})

test('without IndexedDB every call says so, and works once it exists', async () => {
  const { store } = open()
  host.indexedDB = undefined
  await expect(store.ready()).rejects.toMatchObject({
    ...notApplied,
    message: expect.stringContaining('IndexedDB'),
  })
  await expect(store.session(address).patch({ a: 1 })).rejects.toMatchObject(notApplied)
  host.indexedDB = indexedDB
  await store.session(address).patch({ a: 1 })
  expect(await store.session(address).getAll()).toEqual({ a: 1 })
})

test('opening fails in time while another page blocks a deletion, and the next call opens again', async () => {
  const { store, name } = open()
  const holder = (await answer(indexedDB.open(name))) as Database
  const deletion = answer(indexedDB.deleteDatabase(name))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const late = expect(store.session(address).patch({ a: 1 })).rejects.toMatchObject({
    ...notApplied,
    message: expect.stringContaining('10000 ms'),
  })
  await vi.advanceTimersByTimeAsync(10_000)
  await late
  vi.useRealTimers()
  holder.close()
  await deletion
  await store.session(address).patch({ b: 2 })
  expect(await store.session(address).getAll()).toEqual({ b: 2 })
})

test('a connection that was lost without an event is opened again', async () => {
  const { store } = open()
  await store.session(address).patch({ a: 1 })
  const { prototype } = host.IDBDatabase
  const lost = Object.assign(new Error('closing'), { name: 'InvalidStateError' })
  for (const call of ['patch', 'read'] as const) {
    const failing = vi.spyOn(prototype, 'transaction').mockImplementationOnce(() => {
      throw lost
    })
    if (call === 'patch') await store.session(address).patch({ b: 2 })
    else expect(await store.session(address).getAll()).toEqual({ a: 1, b: 2 })
    expect(failing).toHaveBeenCalled()
    failing.mockRestore()
  }
})

test('a write resolves when its transaction is complete, and not before', async () => {
  const { store } = open()
  // After its first patch, a store also reclaims in the background.
  await store.session(address).patch({ first: 1 })
  await store.session(address).patch({ second: 1 })
  const events: string[] = []
  const { prototype } = host.IDBDatabase
  const transaction = prototype.transaction as (...args: never[]) => EventTarget
  vi.spyOn(prototype, 'transaction').mockImplementation(function (this: unknown, ...args) {
    const made = transaction.apply(this, args)
    made.addEventListener('complete', () => void events.push('complete'))
    return made
  })
  await store.session(address).patch({ a: 1 })
  events.push('acknowledged')
  await batch(store, [{ address, patch: { b: 1 } }])
  events.push('acknowledged')
  await store.account('577089').namespace('orders').delete()
  events.push('acknowledged')
  expect(events).toEqual(['complete', 'acknowledged', 'complete', 'acknowledged', 'complete', 'acknowledged'])
})

test('a failed request fails only its own call, with its error as the cause', async () => {
  const { store } = open()
  await store.session(address).patch({ a: 1 })
  const { prototype } = host.IDBObjectStore
  const put = prototype.put as (...args: unknown[]) => unknown
  const broken = new Error('the disk is on fire')
  vi.spyOn(prototype, 'put').mockImplementation(function (this: unknown, ...args: unknown[]) {
    if (JSON.stringify(args).includes('bad')) throw broken
    return put.apply(this, args)
  })
  const at = (session: string) => ({ ...address, session })
  const results = await Promise.allSettled([
    store.session(at('before')).patch({ a: 1 }),
    store.session(at('x')).patch({ bad: 1 }),
    batch(store, [
      { address, patch: { a: 2 } },
      { address: at('new'), patch: { a: 2 } },
      { address: at('x'), patch: { bad: 1 } },
    ]),
    store.session(at('after')).patch({ a: 1 }),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ ...notApplied, cause: broken })
  }
  expect(await store.session(address).getAll()).toEqual({ a: 1 })
  const ids: string[] = []
  for await (const { id } of store.account('577089').namespace('orders').sessions()) ids.push(id)
  expect(ids).toEqual(['after', 'before', 'c1'])
})

test('deleting a namespace does not remove its sessions; later writes do, some at a time', async () => {
  const { store, name } = open()
  const namespace = store.account('577089').namespace('orders')
  await Promise.all(Array.from({ length: 1000 }, (_, i) => namespace.session(`${i}`).patch({ i })))
  await namespace.delete()
  expect(await storedSessions(name)).toBe(1000)
  expect(await namespace.session('5').getAll()).toEqual({})
  await namespace.session('5').patch({ anew: true })
  const left: number[] = []
  for (let i = 0; i < 200; i++) {
    await namespace.session('other').patch({ i })
    left.push(await storedSessions(name))
  }
  expect(left.at(-1)).toBe(2)
  const steps = left.slice(1).map((count, i) => (left[i] ?? 0) - count)
  expect(Math.max(...steps)).toBeLessThanOrEqual(256)
  expect(await namespace.session('5').getAll()).toEqual({ anew: true })
})

test('a patch that waits for another page sees what expires meanwhile as expired', async () => {
  let time = 0
  const { store, name } = open({ now: () => time })
  await store.session(address).patch({ old: 1 }, { ttlSeconds: 10 })
  await store.session(address).patch({ old: 2 })
  const database = (await answer(indexedDB.open(name))) as Database
  const held = database.transaction(['sessions'], 'readwrite').objectStore('sessions')
  let isHeld = true
  const released = new Promise<void>((resolve) => {
    const hold = (): void => {
      held.count().onsuccess = () => (isHeld ? hold() : resolve())
    }
    hold()
  })
  const calls = [
    store.session(address).patch({ fresh: 1 }),
    store.session(address).update(['old'], ({ old }) => ({ updated: old ?? null })),
  ]
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  time = 10_000
  isHeld = false
  await released
  database.close()
  await Promise.all(calls)
  expect(await store.session(address).getAll()).toEqual({ fresh: 1, updated: null })
})

test('a session that another program overwrote is corrupt, and left as it is until it is cleared', async () => {
  const { store, name } = open()
  await store.session(address).patch({ a: 1 })
  const database = (await answer(indexedDB.open(name))) as {
    close(): void
    transaction(
      name: string,
      mode: string,
    ): { objectStore(name: string): { put(value: unknown, key: unknown): Request } }
  }
  await answer(database.transaction('sessions', 'readwrite').objectStore('sessions').put({ a: 1 }, [1, 'c1']))
  database.close()
  await expect(store.session(address).getAll()).rejects.toMatchObject({ code: 'corrupt', address })
  await expect(store.session(address).patch({ a: 2 })).rejects.toMatchObject({ code: 'corrupt', address })
  await store.session(address).clear()
  await store.session(address).patch({ a: 3 })
  expect(await store.session(address).getAll()).toEqual({ a: 3 })
})
