import { gunzipSync, gzipSync } from 'node:zlib'
import { ContextStoreError, type StoreOptions } from '@context-store/core'
import fc from 'fast-check'
import Keyv, { KeyvHooks, type KeyvOptions } from 'keyv'
import { afterEach, expect, test, vi } from 'vitest'
import { keyvStore } from '../src/index.ts'

const address = { account: '577089', namespace: 'orders', session: '42' }

afterEach(() => {
  vi.useRealTimers()
})

async function codeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
  } catch (error) {
    if (ContextStoreError.is(error)) return error.code
    throw error
  }
  return 'no error'
}

/** The value of a Map under the first key that contains `part`, as Keyv stores it. */
function kept(map: Map<string, string>, part: string): { key: string; value: string; expires?: number } {
  const [key = ''] = [...map.keys()].filter((each) => each.includes(part))
  return { key, ...JSON.parse(map.get(key) ?? 'null') }
}

/** Writes with another store until it reclaims, and waits for that. */
async function writeSome(keyv: Keyv, options?: StoreOptions): Promise<void> {
  const store = keyvStore(keyv, options)
  const session = store.account('others').namespace('n').session()
  await Promise.all(Array.from({ length: 64 }, (_, index) => session.patch({ index })))
  await store.close()
}

test.each<readonly [string, KeyvOptions]>([
  ['with its defaults', {}],
  ['without a namespace', { namespace: '' }],
  ['without key prefixes', { useKeyPrefix: false }],
  ['with a default time to live', { ttl: 1 }],
  ['with statistics', { stats: true }],
  [
    'with its own serialization',
    {
      serialize: (data) => Buffer.from(JSON.stringify(data)).toString('base64'),
      deserialize: (text) => JSON.parse(Buffer.from(text, 'base64').toString()),
    },
  ],
  [
    'with compression',
    {
      compression: {
        compress: async (value: string) => gzipSync(value).toString('base64'),
        decompress: async (value: string) => gunzipSync(Buffer.from(value, 'base64')).toString(),
      },
    },
  ],
])('works on a Keyv %s', async (_, options) => {
  const map = new Map()
  vi.useFakeTimers({ toFake: ['Date'] })
  const store = keyvStore(new Keyv({ store: map, ...options }))
  const session = store.session(address)
  await session.patch({ a: ':base64:1', b: [] })
  vi.setSystemTime(Date.now() + 1000)
  await session.patch({ a: ':x' })
  expect(await session.getAll()).toEqual({ a: ':x', b: [] })
  expect(
    await keyvStore(new Keyv({ store: map, ...options }))
      .session(address)
      .get('a'),
  ).toBe(':x')
})

test('works on a Keyv without serialization', async () => {
  const keyv = new Keyv()
  keyv.serialize = undefined
  keyv.deserialize = undefined
  const session = keyvStore(keyv).session(address)
  await session.patch({ a: { b: 1 } })
  expect(await session.getAll()).toEqual({ a: { b: 1 } })
})

test('runs the hooks of a Keyv', async () => {
  const keyv = new Keyv()
  const seen: string[] = []
  for (const hook of [KeyvHooks.PRE_SET, KeyvHooks.POST_GET_RAW, KeyvHooks.PRE_DELETE]) {
    keyv.hooks.addHandler(hook, () => seen.push(hook))
  }
  const session = keyvStore(keyv).session(address)
  await session.patch({ a: 1 })
  await session.clear()
  expect([...new Set(seen)].sort()).toEqual(['postGetRaw', 'preDelete', 'preSet'])
})

test('an argument that is not a Keyv is refused', () => {
  for (const bad of [undefined, null, {}, new Map(), 'redis://127.0.0.1']) {
    expect(() => Reflect.apply(keyvStore, undefined, [bad])).toThrow(
      expect.objectContaining({
        code: 'invalid-option',
        message: expect.stringContaining('new Keyv({ store })'),
      }),
    )
  }
})

test.each<readonly [unknown, string]>([
  [{ ttl: 60 }, 'keyvStore: there is no option "ttl"'],
  [{ limits: { documentlength: 10 } }, 'there is no option "documentlength"'],
  [null, 'keyvStore: the options must be an object'],
  [new Map([['now', 1]]).values, 'must be an object'],
  [{ namespaces: 'none' }, "must be 'implicit' or 'explicit'"],
])('the options %j are refused', (options, message) => {
  expect(() => Reflect.apply(keyvStore, undefined, [new Keyv(), options])).toThrow(
    expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining(message) }),
  )
})

test('`close` leaves the Keyv open, with its data for the next store', async () => {
  const keyv = new Keyv()
  const store = keyvStore(keyv)
  const late = store.session(address).patch({ a: 1 })
  await store.close()
  await late
  expect(await codeOf(() => store.session(address).getAll())).toBe('closed')
  await keyv.set('own', 1)
  expect(await keyvStore(keyv).session(address).getAll()).toEqual({ a: 1 })
  expect(await keyv.get('own')).toBe(1)
})

test('Keyvs with different namespaces on one storage share no record', async () => {
  const map = new Map()
  const options: KeyvOptions[] = [
    { namespace: 'a' },
    { namespace: 'a:b' },
    { namespace: 'A' },
    { namespace: '' },
    { namespace: 'a', useKeyPrefix: false },
    { namespace: 'b', useKeyPrefix: false },
    { namespace: 'context-store' },
  ]
  const stores = options.map((each) => keyvStore(new Keyv({ store: map, ...each })))
  await Promise.all(stores.map((store, index) => store.session(address).patch({ [`p${index}`]: index })))
  for (const [index, store] of stores.entries()) {
    expect(await store.session(address).getAll()).toEqual({ [`p${index}`]: index })
  }
  await stores[0]?.account('577089').namespace('orders').delete()
  for (const [index, store] of stores.entries()) {
    expect(await store.session(address).get(`p${index}`)).toBe(index === 0 ? undefined : index)
  }
})

test('different addresses share no record, and keys are short and plain', async () => {
  const text = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('a', ':', 'a:', ':a', 'a:a') },
    fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('a', 'A', ',', '"', '\u0000', '\\', 'é') }),
    fc.string({ minLength: 1, maxLength: 512, unit: 'grapheme' }).filter((each) => each.length <= 512),
  )
  const addresses = fc.uniqueArray(fc.record({ account: text, namespace: text, session: text }), {
    minLength: 2,
    maxLength: 20,
    selector: (each) => JSON.stringify([each.account, each.namespace, each.session]),
  })
  await fc.assert(
    fc.asyncProperty(addresses, async (all) => {
      const map = new Map<string, string>()
      const store = keyvStore(new Keyv({ store: map }))
      await Promise.all(all.map((each, index) => store.session(each).patch({ [`p${index}`]: index })))
      for (const [index, each] of all.entries()) {
        expect(await store.session(each).getAll()).toEqual({ [`p${index}`]: index })
      }
      for (const key of map.keys())
        expect(key).toMatch(/^keyv:context-store-[nsi]-[0-9a-f]{64}(-[0-9a-f]+)?$/)
    }),
    { numRuns: 60 },
  )
})

test('when everything is deleted, the storage is empty', async () => {
  const map = new Map()
  const store = keyvStore(new Keyv({ store: map }))
  for (const account of ['a', 'b']) {
    for (const name of ['m', 'n']) {
      const namespace = store.account(account).namespace(name)
      await Promise.all(
        Array.from({ length: 400 }, (_, index) => namespace.session(`s${index}`).patch({ index })),
      )
    }
  }
  const namespace = store.account('a').namespace('m')
  await Promise.all(Array.from({ length: 400 }, (_, index) => namespace.session(`s${index}`).clear()))
  for await (const account of store.accounts()) {
    for await (const { name } of store.account(account).namespaces())
      await store.account(account).namespace(name).delete()
  }
  expect(map.size).toBe(0)
})

test('a namespace of 10,000 sessions is stored in small records, listed in pages and deleted in steps', async () => {
  const map = new Map<string, string>()
  const store = keyvStore(new Keyv({ store: map }))
  const namespace = store.account('a').namespace('n')
  const ids = Array.from({ length: 10_000 }, (_, index) => `session ${index}`)
  for (let from = 0; from < ids.length; from += 500) {
    await Promise.all(ids.slice(from, from + 500).map((id) => namespace.session(id).patch({ id })))
  }
  expect(Math.max(...[...map.values()].map((value) => value.length))).toBeLessThan(4000)
  let before = new Map(map)
  await namespace.session('one more').patch({ a: 1 })
  expect([...map].filter(([key, value]) => before.get(key) !== value).length).toBeLessThanOrEqual(20)
  await namespace.session('one more').clear()
  before = new Map(map)
  await namespace.session('session 5000').patch({ a: 1 })
  expect([...map].filter(([key, value]) => before.get(key) !== value)).toHaveLength(1)

  const listed: string[] = []
  for await (const { id } of namespace.sessions()) listed.push(id)
  expect([...listed].sort()).toEqual([...ids].sort())
  let page = await namespace.listSessions({ limit: 1000 })
  const paged = [...page.items]
  while (page.cursor !== undefined) {
    page = await namespace.listSessions({ limit: 1000, cursor: page.cursor })
    paged.push(...page.items)
  }
  expect(paged.map(({ id }) => id)).toEqual(listed)

  await namespace.delete()
  expect((await namespace.listSessions()).items).toEqual([])
  expect([...map.keys()].filter((key) => key.includes('-s-')).length).toBeGreaterThan(8000)
  // None of them is in a new namespace of the same name, and none of its sessions is removed with them.
  const anew = ids.filter((_, index) => index % 100 === 0)
  await Promise.all(anew.map((id) => namespace.session(id).patch({ anew: id })))
  for (const id of ids.slice(1, 100)) expect(await namespace.session(id).getAll()).toEqual({})
  for (const id of anew) expect(await namespace.session(id).getAll()).toEqual({ anew: id })
  await namespace.session('session 1').patch({}, { ttlSeconds: 0 })
  expect(await namespace.session('session 1').info()).toBeUndefined()
  // Later writes of other stores remove the rest.
  for (let round = 0; round < 40; round++) await writeSome(new Keyv({ store: map }))
  for (const id of anew) expect(await namespace.session(id).getAll()).toEqual({ anew: id })
  expect([...map.keys()].filter((key) => key.includes('-s-'))).toHaveLength(anew.length + 1)
  await namespace.delete()
  await store.account('others').namespace('n').delete()
  expect(map.size).toBe(0)
})

test("Keyv's own expiry comes after the session's, and is not used with the option now", async () => {
  const map = new Map<string, string>()
  const start = Date.UTC(2026, 0, 1)
  vi.useFakeTimers({ toFake: ['Date'], now: start })
  const keyv = new Keyv({ store: map, ttl: 5 })
  const session = keyvStore(keyv).session(address)
  await session.patch({ a: 1, b: 2 }, { ttlSeconds: 60 })
  expect(kept(map, '-s-').expires).toBe(start + 120_000)
  vi.setSystemTime(start + 30_000)
  await session.delete('a')
  expect(kept(map, '-s-').expires).toBe(start + 120_000)
  await session.patch({}, { ttlSeconds: 1e10 })
  expect(kept(map, '-s-').expires).toBeUndefined()
  await session.patch({}, { ttlSeconds: 0 })
  expect(kept(map, '-s-').expires).toBeUndefined()
  await keyvStore(keyv, { now: () => 0 })
    .session(address)
    .patch({}, { ttlSeconds: 60 })
  expect(kept(map, '-s-').expires).toBeUndefined()
})

test.each<readonly [string, (text: string) => unknown]>([
  ['of a newer layout', (text) => text.replace('context-store 1', 'context-store 2')],
  ['of something else', () => 'something else'],
  ['of another type', () => ({ a: 1 })],
  ['without its end', (text) => text.slice(0, 30)],
  ['without a field', (text) => text.replace('"generation"', '"g"').replace('"names"', '"n"')],
])('a record %s is corrupt, and is left as it is', async (_, damage) => {
  for (const kind of ['n', 's', 'i']) {
    const map = new Map<string, string>()
    const store = keyvStore(new Keyv({ store: map }))
    const namespace = store.account('577089').namespace('orders')
    await namespace.session('42').patch({ a: 1 })
    for (const key of [...map.keys()].filter((each) => each.includes(`-${kind}-`))) {
      const { value } = JSON.parse(map.get(key) ?? '')
      map.set(key, JSON.stringify({ value: damage(value) }))
    }
    const before = new Map(map)
    const calls: readonly (() => Promise<unknown>)[] =
      kind === 'i'
        ? [() => store.ready(), () => namespace.listSessions(), () => namespace.session('43').patch({ a: 1 })]
        : [
            () => namespace.session('42').getAll(),
            () => namespace.session('42').patch({ a: 2 }),
            () => namespace.session('42').delete('a'),
            () => namespace.listSessions(),
          ]
    for (const call of calls) expect(await codeOf(call)).toBe('corrupt')
    expect(new Map(map)).toEqual(before)
  }
})

test('a damaged session is named, affects no other, and can be cleared', async () => {
  const map = new Map<string, string>()
  const store = keyvStore(new Keyv({ store: map }))
  const namespace = store.account('577089').namespace('orders')
  await namespace.session('42').patch({ a: 1 })
  const { key } = kept(map, '-s-')
  await namespace.session('43').patch({ a: 1 })
  map.set(key, JSON.stringify({ value: 'damaged' }))
  await expect(namespace.session('42').get('a')).rejects.toMatchObject({ code: 'corrupt', address })
  await expect(namespace.listSessions()).rejects.toMatchObject({ code: 'corrupt', address })
  expect(await namespace.session('43').getAll()).toEqual({ a: 1 })
  await namespace.session('42').clear()
  expect((await namespace.listSessions()).items.map(({ id }) => id)).toEqual(['43'])
  map.set(kept(map, '-s-').key, JSON.stringify({ value: 'damaged' }))
  await namespace.delete()
  expect(map.size).toBe(0)
})
