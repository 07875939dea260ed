import { ContextStoreError, type Namespace, present } from '@context-store/core'
import Keyv from 'keyv'
import { expect, test, vi } from 'vitest'
import { keyvStore } from '../src/index.ts'
import { FaultyAdapter } from './faulty-adapter.ts'

const address = { account: '577089', namespace: 'orders', session: '42' }

async function errorOf(call: Promise<unknown>): Promise<ContextStoreError> {
  const error = await call.then(
    () => new Error('no error'),
    (thrown: unknown) => thrown,
  )
  if (!ContextStoreError.is(error)) throw error
  return error
}

test('calls on one session take effect in the order in which they were made', async () => {
  const store = keyvStore(new Keyv({ store: new FaultyAdapter() }))
  const session = store.session<{ n: number; a: string }>(address)
  const times10 = ({ n = 0 }: { n?: number }) => ({ n: n * 10 })
  const results = await Promise.all([
    session.patch({ n: 1, a: 'x' }),
    session.update(['n'], times10),
    session.patchIf({ n: 10 }, { n: 11 }),
    session.getAll(),
    session.delete('a'),
    session.update(['n'], times10),
    session.getAll(),
    session.clearIf({ n: 110 }),
    session.getAll(),
    session.patchIf({ n: present }, { n: 12 }),
    session.patch({ n: 5 }),
    session.get('n'),
  ])
  expect(results).toEqual([
    undefined,
    { n: 10 },
    { ok: true },
    { n: 11, a: 'x' },
    undefined,
    { n: 110 },
    { n: 110 },
    { ok: true },
    {},
    { ok: false, current: {} },
    undefined,
    5,
  ])
})

test('`clearIf` ends a session only if its condition holds, and otherwise returns the current values', async () => {
  const store = keyvStore(new Keyv())
  const session = store.session(address)
  await session.patch({ owner: 'a', step: 1 })
  expect(await session.clearIf({ owner: 'b' })).toEqual({ ok: false, current: { owner: 'a' } })
  expect(await session.clearIf({ other: present })).toEqual({ ok: false, current: {} })
  expect(await session.getAll()).toEqual({ owner: 'a', step: 1 })
  expect(await session.clearIf({ owner: 'a', step: present })).toEqual({ ok: true })
  expect(await session.info()).toBeUndefined()
  expect((await store.account('577089').namespace('orders').listSessions()).items).toEqual([])
})

test('`patchIf` with `present` prolongs a session, and creates none', async () => {
  const map = new Map()
  let now = Date.UTC(2026, 0, 1)
  const session = keyvStore(new Keyv({ store: map }), { now: () => now }).session(address)
  expect(await session.patchIf({ id: present }, {}, { ttlSeconds: 60 })).toEqual({ ok: false, current: {} })
  expect(map.size).toBe(0)
  await session.patch({ id: null }, { ttlSeconds: 60 })
  now += 59_000
  expect(await session.patchIf({ id: present }, {}, { ttlSeconds: 60 })).toEqual({ ok: true })
  now += 59_000
  expect(await session.getAll()).toEqual({ id: null })
  now += 1000
  expect(await session.patchIf({ id: present }, {}, { ttlSeconds: 60 })).toEqual({ ok: false, current: {} })
})

test("a read does not wait for another store's write", async () => {
  const adapter = new FaultyAdapter()
  const [writer, reader] = [1, 2].map(() => keyvStore(new Keyv({ store: adapter })))
  await writer?.session(address).patch({ a: 1 })
  let end = (): void => undefined
  const hold = new Promise<void>((resolve) => {
    end = resolve
  })
  const writes = vi.spyOn(adapter, 'set').mockImplementation(async (key, value) => {
    await hold
    adapter.map.set(key, value)
    return true
  })
  const write = writer?.session(address).patch({ a: 2 })
  await vi.waitUntil(() => writes.mock.calls.length > 0)
  expect(await reader?.session(address).getAll()).toEqual({ a: 1 })
  end()
  await write
  expect(await reader?.session(address).getAll()).toEqual({ a: 2 })
})

test.each([{ properties: true as const }, { properties: ['i'] }, {}])(
  'a listing of long sessions with %j reads few of them at once, and a page with properties ends early',
  async (options) => {
    const adapter = new FaultyAdapter()
    const namespace = keyvStore(new Keyv({ store: adapter }))
      .account('577089')
      .namespace<{ i: number }>('orders')
    const text = 'x'.repeat(500_000)
    for (let i = 0; i < 20; i++) await namespace.session(`${i}`).patch(Object.assign({ i }, { text }))
    const reads = vi.spyOn(adapter, 'getMany')
    const pages: number[] = []
    const ids: string[] = []
    let cursor: string | undefined
    do {
      const page = await namespace.listSessions({ ...options, cursor })
      pages.push(page.items.length)
      ids.push(...page.items.map(({ id }) => id))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(pages.slice(0, 2)).toEqual('properties' in options ? [8, 8] : [20])
    expect(ids.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    const lengths = await Promise.all(reads.mock.results.map(async ({ value }) => String(await value).length))
    expect(Math.max(...lengths)).toBeLessThan(4_100_000)
    expect(reads.mock.calls.length).toBeLessThan(10)
  },
)

test('a patch over the limit is too-large and writes nothing', async () => {
  const map = new Map()
  const store = keyvStore(new Keyv({ store: map }))
  const session = store.session(address)
  // Its JSON would be longer than a string can be.
  const list = Array.from({ length: 700 }, () => 'x'.repeat(800_000))
  expect(await errorOf(session.patch({ list }))).toMatchObject({
    code: 'too-large',
    outcome: 'not-applied',
    address,
  })
  expect(map.size).toBe(0)
  await session.patch({ a: 'x'.repeat(799_000) })
  const before = new Map(map)
  for (const call of [
    session.patch({ b: 'x'.repeat(1000) }),
    session.update(['b'], () => ({ b: 'x'.repeat(1000) })),
  ]) {
    expect(await errorOf(call)).toMatchObject({ code: 'too-large', outcome: 'not-applied', address })
  }
  expect(map).toEqual(before)
})

test('a failure after the namespace was created has the outcome unknown', async () => {
  const adapter = new FaultyAdapter()
  const store = keyvStore(new Keyv({ store: adapter }))
  const get = vi.spyOn(adapter, 'get').mockImplementation(async (key) => {
    if ([...adapter.map.keys()].some((each) => each.includes('-n-'))) throw new Error('get fails')
    return adapter.map.get(key)
  })
  expect(await errorOf(store.session(address).patch({ a: 1 }))).toMatchObject({
    code: 'unavailable',
    outcome: 'unknown',
    address,
  })
  get.mockRestore()
  expect(await store.account('577089').namespace('orders').info()).toBeDefined()
})

type Write = (namespace: Namespace) => Promise<unknown>
const patch: Write = (namespace) => namespace.session('42').patch({ a: 2 })
const clear: Write = (namespace) => namespace.session('42').clear()
const create: Write = (namespace) => namespace.create({ ttlSeconds: 60 })

test.each<readonly ['adapter' | 'keyv', string, Write, 'unknown' | 'not-applied']>([
  ['adapter', 'get', create, 'not-applied'],
  ['adapter', 'getMany', patch, 'not-applied'],
  ['adapter', 'set', patch, 'unknown'],
  ['adapter', 'delete', clear, 'unknown'],
  ['keyv', 'getRaw', create, 'not-applied'],
  ['keyv', 'getMany', patch, 'not-applied'],
  ['keyv', 'set', patch, 'unknown'],
  ['keyv', 'delete', clear, 'unknown'],
])('%s.%s throws synchronously: the call rejects, later calls and close() work', async (...row) => {
  const [which, method, write, outcome] = row
  const adapter = new FaultyAdapter()
  const keyv = new Keyv({ store: adapter })
  const store = keyvStore(keyv)
  const namespace = store.account('577089').namespace('orders')
  const session = namespace.session('42')
  await session.patch({ a: 1 })
  const target: object = which === 'keyv' ? keyv : adapter
  const original = Reflect.get(target, method)
  Reflect.set(target, method, () => {
    throw new Error('thrown synchronously')
  })
  for (const error of await Promise.all([errorOf(write(namespace)), errorOf(write(namespace))])) {
    const cause = new Error('thrown synchronously')
    expect(error).toMatchObject({ code: 'unavailable', outcome, cause, address: { namespace: 'orders' } })
  }
  Reflect.set(target, method, original)
  expect(await session.getAll()).toEqual({ a: 1 })
  await session.patch({ a: 3 })
  await namespace.create({ ttlSeconds: 30 })
  expect(await session.get('a')).toBe(3)
  await namespace.delete()
  expect(await session.getAll()).toEqual({})
  await store.close()
})
