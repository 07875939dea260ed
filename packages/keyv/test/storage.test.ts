import { ContextStoreError } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import fc from 'fast-check'
import Keyv, { type KeyvStoreAdapter } from 'keyv'
import { afterEach, expect, test, vi } from 'vitest'
import { keyvStore } from '../src/index.ts'
import { type KeyvStorage, keyvStorage } from '../src/storage.ts'
import { FaultyAdapter } from './faulty-adapter.ts'

const account = '577089'

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

async function entriesOf(storage: KeyvStorage): Promise<[string, unknown][]> {
  const entries: [string, unknown][] = []
  for await (const entry of storage.iterator()) entries.push(entry)
  return entries
}

test('has the type and the members of a Keyv storage adapter', async () => {
  const adapter: KeyvStoreAdapter = keyvStorage(memoryStore(), { account })
  const keyv = new Keyv(adapter, { namespace: 'users' })
  await keyv.set('42', { name: 'Ada' })
  expect(await keyv.get('42')).toEqual({ name: 'Ada' })
  const found: unknown[] = []
  for await (const entry of keyv.iterator?.(undefined) ?? []) found.push(entry)
  expect(found).toEqual([['42', { name: 'Ada' }]])
})

test('`clear` clears one namespace and no other, whatever the names and keys', async () => {
  const store = memoryStore()
  const namespaces = ['', 'a', 'a:b', 'keyv', 'keyv:a', 'A']
  const keyvs = namespaces.map((namespace) => {
    return new Keyv({ store: keyvStorage(store, { account }), namespace })
  })
  // A key with the prefix of another namespace is a key of the Keyv without a namespace.
  const keys = ['k', 'b:k', 'a:k', 'a:b:k', 'keyv:k']
  const valuesOf = (keyv: Keyv) => Promise.all(keys.slice(0, 2).map((key) => keyv.get(key)))
  for (const [index, keyv] of keyvs.entries()) {
    for (const key of index === 0 ? keys : keys.slice(0, 2)) await keyv.set(key, `${index} ${key}`)
  }
  const left = new Set(keyvs.keys())
  for (const cleared of [1, 0, 4, 2, 5, 3]) {
    for (const [index, keyv] of keyvs.entries()) {
      const there = [`${index} k`, `${index} b:k`]
      expect(await valuesOf(keyv)).toEqual(left.has(index) ? there : [undefined, undefined])
    }
    await keyvs[cleared]?.clear()
    left.delete(cleared)
  }
  for await (const { name } of store.account(account).namespaces()) throw new Error(`${name} is left`)
})

test('accounts and values of the option `namespace` share no entry', async () => {
  const store = memoryStore()
  const storages = [
    keyvStorage(store, { account: 'a' }),
    keyvStorage(store, { account: 'b' }),
    keyvStorage(store, { account: 'a', namespace: 'cache' }),
  ]
  await Promise.all(storages.map((storage, index) => storage.set('k', index)))
  await storages[0]?.clear()
  expect(await Promise.all(storages.map((storage) => storage.get('k')))).toEqual([undefined, 1, 2])
  expect(() => keyvStorage(store, { account: '' })).toThrow(
    expect.objectContaining({ code: 'invalid-address' }),
  )
})

test.each<readonly [readonly unknown[], string]>([
  [[], 'must be a context store'],
  [[new Map(), { account }], 'must be a context store'],
  [[memoryStore()], 'the option account is required'],
  [[memoryStore(), null], 'must be an object'],
  [[memoryStore(), { account, nameSpace: 'a' }], 'there is no option "nameSpace"'],
  [[memoryStore(), { account, namespace: '' }], 'namespace must be'],
  [[memoryStore(), { account, namespace: 'a:b' }], 'namespace must be'],
  [[memoryStore(), { account, namespace: 1 }], 'namespace must be'],
])('keyvStorage(...%j) is refused', (args, message) => {
  expect(() => Reflect.apply(keyvStorage, undefined, args)).toThrow(
    expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining(message) }),
  )
})

test('the iterator reads entries a page at a time', async () => {
  const adapter = new FaultyAdapter()
  const storage = keyvStorage(keyvStore(new Keyv({ store: adapter })), { account })
  const keys = Array.from({ length: 100 }, (_, index) => `k${index}`)
  await storage.setMany(keys.map((key) => ({ key, value: key })))
  adapter.calls = 0
  expect(new Map(await entriesOf(storage))).toEqual(new Map(keys.map((key) => [key, key])))
  expect(adapter.calls).toBeLessThan(10)
})

test('any string can be a key, and different strings are different keys', async () => {
  const hash = '#e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  const key = fc.oneof(
    fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'A', ':', '#', '\u0000', '\ud800', '\udc00', 'é') }),
    fc.constantFrom(
      '',
      '#',
      hash,
      '__proto__',
      '.',
      '..',
      'x'.repeat(512),
      'x'.repeat(513),
      'x'.repeat(100_000),
    ),
  )
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 12 }), async (keys) => {
      const storage = keyvStorage(memoryStore(), { account })
      await storage.setMany(keys.map((each, index) => ({ key: each, value: index })))
      expect(await storage.getMany(keys)).toEqual(keys.map((_, index) => index))
      expect(await storage.hasMany([...keys, 'other'])).toEqual([...keys.map(() => true), false])
      const entries = await entriesOf(storage)
      expect(new Map(entries)).toEqual(new Map(keys.map((each, index) => [each, index])))
      const [first = ''] = keys
      expect([await storage.delete(first), await storage.delete(first)]).toEqual([true, false])
      expect(await storage.getMany(keys)).toEqual(
        keys.map((each, index) => (each === first ? undefined : index)),
      )
    }),
  )
})

test('an entry expires at the exact millisecond, for every read', async () => {
  const start = Date.UTC(2026, 0, 1)
  vi.useFakeTimers({ toFake: ['Date'], now: start })
  const store = memoryStore()
  const storage = keyvStorage(store, { account })
  await storage.set('k', 'v', 1500)
  await storage.set('stays', 'v')
  const info = await store.account(account).namespace('keyv').session('k').info()
  expect(info?.ttlSeconds).toBe(2)
  vi.setSystemTime(start + 1499)
  expect([await storage.get('k'), await storage.has('k')]).toEqual(['v', true])
  vi.setSystemTime(start + 1500)
  expect(await storage.get('k')).toBeUndefined()
  expect(await storage.getMany(['k', 'stays'])).toEqual([undefined, 'v'])
  expect(await storage.hasMany(['k', 'stays'])).toEqual([false, true])
  expect(await entriesOf(storage)).toEqual([['stays', 'v']])
  expect(await storage.delete('k')).toBe(false)
})

test('setting a key again replaces its time to live', async () => {
  const start = Date.UTC(2026, 0, 1)
  vi.useFakeTimers({ toFake: ['Date'], now: start })
  const storage = keyvStorage(memoryStore(), { account })
  for (const ttl of [undefined, 0, Number.POSITIVE_INFINITY, 1e15]) {
    await storage.set('k', 1, 1000)
    await storage.set('k', 2, ttl)
    vi.setSystemTime(Date.now() + 2000)
    expect(await storage.get('k')).toBe(2)
  }
  await storage.set('k', 3, -1)
  expect(await storage.has('k')).toBe(false)
  expect(await codeOf(() => storage.set('k', 4, Number.NaN))).toBe('invalid-option')
})

test('a value that is not JSON is refused and nothing is written', async () => {
  const storage = keyvStorage(memoryStore(), { account })
  const values = ['', 'text', 0, false, null, [1, { a: null }], { value: 'x', expires: 1 }]
  for (const value of values) {
    await storage.set('k', value)
    expect(await storage.get('k')).toEqual(value)
  }
  for (const value of [undefined, 1n, new Date(), Buffer.from('x'), '\ud800']) {
    expect(await codeOf(() => storage.set('k', value))).toBe('invalid-value')
  }
  expect(await storage.get('k')).toEqual(values.at(-1))
})

test('a failing store fails each call, and a Keyv that hides the failure emits the error', async () => {
  const store = memoryStore()
  const keyv = new Keyv({ store: keyvStorage(store, { account }) })
  const emitted: unknown[] = []
  keyv.on('error', (error) => emitted.push(error))
  await store.close()
  expect(await keyv.get('k')).toBeUndefined()
  expect(emitted).toEqual([expect.objectContaining({ code: 'closed' })])
  expect(await keyv.set('k', 1)).toBe(false)
  expect(emitted).toHaveLength(2)
  const storage = keyvStorage(store, { account })
  for (const call of [
    () => storage.get('k'),
    () => storage.getMany(['k']),
    () => storage.set('k', 1),
    () => storage.setMany([{ key: 'k', value: 1 }]),
    () => storage.delete('k'),
    () => storage.deleteMany(['k']),
    () => storage.has('k'),
    () => storage.hasMany(['k']),
    () => storage.clear(),
    () => entriesOf(storage),
  ]) {
    expect(await codeOf(call)).toBe('closed')
  }
})

test('`disconnect` leaves the store open', async () => {
  const store = memoryStore()
  const keyv = new Keyv({ store: keyvStorage(store, { account }) })
  await keyv.set('k', 1)
  await keyv.disconnect()
  expect(await keyv.get('k')).toBe(1)
  await store.ready()
})

test('an entry under the digest of another key is corrupt', async () => {
  const store = memoryStore()
  const storage = keyvStorage(store, { account })
  await storage.set('', 1)
  const { items } = await store.account(account).namespace('keyv').listSessions()
  await store.account(account).namespace('keyv').session(items[0]?.id).patch({ key: '"other"' })
  expect(await codeOf(() => storage.get(''))).toBe('corrupt')
})
