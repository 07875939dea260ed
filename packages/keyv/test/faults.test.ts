import { ContextStoreError, type Session } from '@context-store/core'
import KeyvRedis, { createClient } from '@keyv/redis'
import Keyv, { type KeyvOptions } from 'keyv'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { keyvStore } from '../src/index.ts'
import { type Fault, FaultyAdapter } from './faulty-adapter.ts'

const address = { account: '577089', namespace: 'orders', session: '42' }

async function errorOf(call: Promise<unknown>): Promise<ContextStoreError> {
  const error = await call.then(
    () => new Error('no error'),
    (thrown: unknown) => thrown,
  )
  if (!ContextStoreError.is(error)) throw error
  return error
}

const settings: readonly (readonly [string, KeyvOptions])[] = [
  ['with its defaults', {}],
  ['that throws', { throwOnErrors: true }],
  ['that emits nothing', { emitErrors: false }],
  ['that throws and emits nothing', { throwOnErrors: true, emitErrors: false }],
]

describe.each(settings)('a Keyv %s', (_, options) => {
  function open(): { adapter: FaultyAdapter; session: Session; keyv: Keyv } {
    const adapter = new FaultyAdapter()
    const keyv = new Keyv({ store: adapter, ...options })
    return { adapter, keyv, session: keyvStore(keyv).session(address) }
  }

  test.each<Fault>(['throws', 'emits'])(
    'fails a read if the storage adapter %s, and reports nothing as missing',
    async (fault) => {
      const { adapter, session } = open()
      await session.patch({ a: 1 })
      for (const method of ['get', 'getMany']) adapter.faults.set(method, fault)
      for (const call of [
        () => session.getAll(),
        () => session.get('a'),
        () => session.info(),
        () => session.patch({ b: 1 }),
        () => session.delete('a'),
        () => session.clear(),
      ]) {
        expect(await errorOf(call())).toMatchObject({
          code: 'unavailable',
          outcome: 'not-applied',
          cause: new Error('getMany fails'),
        })
      }
      adapter.faults.clear()
      expect(await session.getAll()).toEqual({ a: 1 })
    },
  )

  test.each<Fault>(['throws', 'emits', 'false'])('fails a write if the storage adapter %s', async (fault) => {
    const { adapter, session } = open()
    await session.patch({ a: 1 })
    adapter.faults.set('set', fault)
    const error = await errorOf(session.patch({ a: 2 }))
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    expect(error.cause).toBeInstanceOf(Error)
    adapter.faults.clear()
    await session.patch({ c: 3 })
    expect(await session.get('c')).toBe(3)
  })

  test.each<Fault>(['throws', 'emits', 'false'])(
    'fails a removal if the storage adapter %s',
    async (fault) => {
      const { adapter, session } = open()
      await session.patch({ a: 1 })
      adapter.faults.set('delete', fault)
      const error = await errorOf(session.clear())
      expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' })
      expect(error.cause).toBeInstanceOf(Error)
      adapter.faults.clear()
      expect(await session.getAll()).toEqual({ a: 1 })
      await session.clear()
      expect(await session.getAll()).toEqual({})
    },
  )
})

test('only the calls that the backend fails reject, however many are pending', async () => {
  const adapter = new FaultyAdapter()
  const store = keyvStore(new Keyv({ store: adapter }))
  const namespace = store.account('577089').namespace('orders')
  await namespace.create()
  const before = new Set(adapter.map.keys())
  const bad = ['3', '7', '19', '20']
  await Promise.all(bad.map((id) => namespace.session(id).patch({ id })))
  for (const key of adapter.map.keys()) if (!before.has(key) && key.includes('-s-')) adapter.keys.add(key)
  expect(adapter.keys.size).toBe(bad.length)
  adapter.faults.set('getMany', 'emits')
  const ids = Array.from({ length: 40 }, (_, index) => `${index}`)
  const found = await Promise.allSettled(ids.map((id) => namespace.session(id).getAll()))
  expect(ids.filter((_, index) => found[index]?.status === 'rejected')).toEqual(bad)
  for (const { status, ...rest } of found) if (status === 'fulfilled') expect(rest).toEqual({ value: {} })
})

test('an error event that belongs to no call fails only a call that found nothing', async () => {
  const adapter = new FaultyAdapter()
  const store = keyvStore(new Keyv({ store: adapter }))
  const session = store.session(address)
  await session.patch({ a: 1 })
  const found = session.getAll()
  const missing = store.session({ ...address, session: '43' }).getAll()
  adapter.emit('error', new Error('the connection broke'))
  expect(await found).toEqual({ a: 1 })
  expect(await errorOf(missing)).toMatchObject({
    code: 'unavailable',
    cause: new Error('the connection broke'),
  })
})

test('no listener is left when no call is pending', async () => {
  const adapter = new FaultyAdapter()
  const keyv = new Keyv({ store: adapter })
  const store = keyvStore(keyv)
  const listeners = [adapter.listenerCount('error'), keyv.listeners('error').length]
  await Promise.all([1, 2, 3].map((id) => store.session({ ...address, session: `${id}` }).patch({ id })))
  adapter.faults.set('set', 'throws')
  await errorOf(store.session(address).patch({ a: 1 }))
  await store.close()
  expect([adapter.listenerCount('error'), keyv.listeners('error').length]).toEqual(listeners)
})

test('what a half-failed removal leaves behind is invisible and reclaimed', async () => {
  const adapter = new FaultyAdapter()
  const store = keyvStore(new Keyv({ store: adapter }))
  const namespace = store.account('577089').namespace('orders')
  await namespace.session('42').patch({ a: 1 })
  for (const key of adapter.map.keys()) if (key.includes('-i-')) adapter.keys.add(key)
  adapter.faults.set('delete', 'throws')
  await namespace.session('42').clear()
  expect(await namespace.session('42').getAll()).toEqual({})
  expect((await namespace.listSessions()).items).toEqual([])
  adapter.faults.clear()
  const [left] = [adapter.map.size]
  // After a sweep that found nothing, as the one after the first write may, the next ones are skipped.
  for (let round = 0; round < 6; round++) {
    await Promise.all(Array.from({ length: 64 }, () => namespace.session('43').patch({})))
  }
  await store.close()
  expect(adapter.map.size).toBe(left - 1)
})

test('a session of a deleted namespace stays invisible if the write that would replace it fails', async () => {
  const adapter = new FaultyAdapter()
  const namespace = keyvStore(new Keyv({ store: adapter }))
    .account('577089')
    .namespace('orders')
  await namespace.session('42').patch({ a: 1 })
  for (const key of adapter.map.keys()) if (key.includes('-s-')) adapter.keys.add(key)
  adapter.faults.set('delete', 'throws').set('set', 'throws')
  await namespace.delete()
  expect(await errorOf(namespace.session('42').patch({ b: 1 }))).toMatchObject({ outcome: 'unknown' })
  adapter.faults.clear()
  expect([...adapter.map.keys()].filter((key) => key.includes('-s-'))).toHaveLength(1)
  expect((await namespace.listSessions()).items).toEqual([])
  expect(await namespace.session('42').getAll()).toEqual({})
})

test('a closed store does not call the Keyv, not even to reclaim', async () => {
  const adapter = new FaultyAdapter()
  const store = keyvStore(new Keyv({ store: adapter }))
  const writes = Array.from({ length: 64 }, () => store.session(address).patch({ a: 1 }))
  await store.close()
  const { calls } = adapter
  await Promise.all(writes)
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  expect(adapter.calls).toBe(calls)
})

test('every call fails while Redis is down, and succeeds when it is back', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  // As in the README: otherwise node-redis queues commands until the server is back.
  const client = createClient({
    url: server.url,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: 20 },
  })
  const keyv = new Keyv({ store: new KeyvRedis(client) })
  onTestFinished(() => keyv.disconnect())
  const store = keyvStore(keyv)
  const namespace = store.account('577089').namespace('orders')
  await namespace.session('42').patch({ a: 1 })

  server.pause()
  const ids = Array.from({ length: 100 }, (_, index) => `${index}`)
  const calls = [
    ...ids.map((id) => namespace.session(id).patch({ id })),
    ...ids.map((id) => namespace.session(id).getAll()),
  ].map(errorOf)
  await server.kill()
  for (const error of await Promise.all(calls)) expect(error.code).toBe('unavailable')
  expect(await errorOf(namespace.session('42').getAll())).toMatchObject({ code: 'unavailable' })

  const ready = new Promise((resolve) => client.once('ready', resolve))
  await server.restart()
  await ready
  // The server stored nothing on disk.
  expect(await namespace.session('42').getAll()).toEqual({})
  await namespace.session('42').patch({ a: 2 })
  expect(await namespace.session('42').getAll()).toEqual({ a: 2 })
})

test.each([
  [true, true],
  [false, true],
  [true, false],
  [false, false],
])(
  'with Redis down from the start every call fails (throwOnConnectError: %s, throwOnErrors: %s)',
  async (throwOnConnectError, throwOnErrors) => {
    const server = await startRedis()
    await server.stop()
    const client = createClient({ url: server.url, socket: { reconnectStrategy: false } })
    const store = keyvStore(
      new Keyv({ store: new KeyvRedis(client, { throwOnConnectError, throwOnErrors }) }),
    )
    expect(await errorOf(store.ready())).toMatchObject({ code: 'unavailable' })
    const session = store.session(address)
    const calls = [session.getAll(), session.patch({ a: 1 }), session.clear(), session.info()]
    for (const error of await Promise.all(calls.map(errorOf))) {
      expect(error).toMatchObject({ code: 'unavailable' })
      expect(error.cause).toBeInstanceOf(Error)
    }
  },
)
