import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import KeyvRedis from '@keyv/redis'
import KeyvSqlite from '@keyv/sqlite'
import Keyv from 'keyv'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { keyvStore } from '../src/index.ts'
import { FaultyAdapter } from './faulty-adapter.ts'

const address = { account: '577089', namespace: 'orders', session: '42' }

const backends: readonly (readonly [string, () => Promise<object>])[] = [
  ['a Map', async () => new Map()],
  [
    '@keyv/sqlite',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'context-store-keyv-'))
      const adapter = new KeyvSqlite({ uri: `sqlite://${join(folder, 'keyv.db')}` })
      onTestFinished(async () => {
        await adapter.disconnect()
        rmSync(folder, { recursive: true })
      })
      return adapter
    },
  ],
  [
    '@keyv/redis',
    async () => {
      const server = await startRedis()
      const adapter = new KeyvRedis(server.url)
      onTestFinished(async () => {
        await adapter.disconnect()
        await server.stop()
      })
      return adapter
    },
  ],
]

test.each(backends)(
  '64 concurrent patches and updates of four stores on two Keyvs on %s lose no write',
  async (_, open) => {
    const storage = await open()
    const keyvs = [new Keyv({ store: storage }), new Keyv({ store: storage })]
    const stores = [...keyvs, ...keyvs].map((keyv) => keyvStore(keyv))
    const names = Array.from({ length: 64 }, (_, index) => `p${index}`)
    await Promise.all(
      names.map((name, index) => stores[index % 4]?.session(address).patch({ [name]: index })),
    )
    const all = await stores[0]?.session(address).getAll()
    expect(Object.keys(all ?? {}).sort()).toEqual([...names].sort())

    // Also with the backend's own expiry.
    await stores[0]?.session(address).patch({}, { ttlSeconds: 60 })
    let changes = 0
    const count = ({ n = 0 }: { n?: unknown }) => {
      changes++
      return { n: Number(n) + 1 }
    }
    await Promise.all(names.map((_, index) => stores[index % 4]?.session(address).update(['n'], count)))
    expect(await stores[1]?.session(address).get('n')).toBe(64)
    // Each update is one step, so none loses a race.
    expect(changes).toBe(64)
  },
)

test.each(backends)(
  'sessions created and ended at the same time on %s are listed correctly',
  async (_, open) => {
    const storage = await open()
    const stores = [1, 2].map(() => keyvStore(new Keyv({ store: storage })))
    const ids = Array.from({ length: 300 }, (_, index) => `s${index}`)
    const at = (id: string, index: number) => {
      const session = stores[index % 2]?.account('577089').namespace('orders').session(id)
      if (session === undefined) throw new Error('no store')
      return session
    }
    await Promise.all(ids.map((id, index) => at(id, index).patch({ id })))
    const goes = (index: number): boolean => index % 3 === 0
    await Promise.all(
      ids.map((id, index) => (goes(index) ? at(id, index + 1).clear() : at(id, index + 1).patch({ index }))),
    )
    const listed: string[] = []
    for await (const { id } of stores[0]?.account('577089').namespace('orders').sessions() ?? [])
      listed.push(id)
    expect(listed.sort()).toEqual(ids.filter((_, index) => !goes(index)).sort())
  },
)

test('a namespace that is deleted while sessions are created in it leaves no earlier session', async () => {
  const map = new Map()
  const store = keyvStore(new Keyv({ store: map }))
  const namespace = store.account('577089').namespace('orders')
  const calls: Promise<void>[] = []
  for (let index = 0; index < 200; index++) {
    calls.push(namespace.session(`s${index}`).patch({ index }))
    if (index % 50 === 49) calls.push(namespace.delete())
  }
  await Promise.all(calls)
  expect((await namespace.listSessions()).items).toEqual([])
  expect(map.size).toBe(0)
})

test("deleting a namespace waits for another store's write in it, and leaves no record of that session", async () => {
  const adapter = new FaultyAdapter()
  const keyv = new Keyv({ store: adapter })
  const [creating, deleting] = [1, 2].map(() => keyvStore(keyv).account('577089').namespace('orders'))
  await creating?.create()
  let end = (): void => undefined
  const hold = new Promise<void>((resolve) => {
    end = resolve
  })
  const writes = vi.spyOn(adapter, 'set').mockImplementationOnce(async (key, value) => {
    await hold
    adapter.map.set(key, value)
    return true
  })
  const created = creating?.session('42').patch({ a: 1 })
  await vi.waitUntil(() => writes.mock.calls.length > 0)
  const deleted = deleting?.delete()
  for (let ticks = 0; ticks < 200; ticks++) await new Promise(setImmediate)
  end()
  await Promise.all([created, deleted])
  expect([...adapter.map.keys()]).toEqual([])
})

test('a patch takes the time to live of its namespace, even if another store sets one meanwhile', async () => {
  const adapter = new FaultyAdapter()
  const keyv = new Keyv({ store: adapter })
  const [patching, stating] = [1, 2].map(() => keyvStore(keyv).account('577089').namespace('orders'))
  await patching?.create()
  let end = (): void => undefined
  const hold = new Promise<void>((resolve) => {
    end = resolve
  })
  const writes = vi.spyOn(adapter, 'set').mockImplementationOnce(async (key, value) => {
    await hold
    adapter.map.set(key, value)
    return true
  })
  const patched = patching?.session('42').patch({ a: 1 })
  await vi.waitUntil(() => writes.mock.calls.length > 0)
  let isStated = false
  const stated = stating?.create({ ttlSeconds: 60 }).then(() => {
    isStated = true
  })
  for (let ticks = 0; ticks < 200; ticks++) await new Promise(setImmediate)
  const wasStatedBefore = isStated
  end()
  await Promise.all([patched, stated])
  const info = await patching?.session('42').info()
  expect(info?.expiresAt !== undefined).toBe(wasStatedBefore)
})

test('different sessions are written concurrently, and one session by one write at a time', async () => {
  const map = new Map<string, unknown>()
  let writing = 0
  let most = 0
  const slow = {
    opts: {},
    on: () => slow,
    get: async (key: string) => map.get(key),
    set: async (key: string, value: unknown) => {
      most = Math.max(most, ++writing)
      await new Promise(setImmediate)
      map.set(key, value)
      writing--
    },
    delete: async (key: string) => map.delete(key),
    clear: async () => map.clear(),
  }
  const store = keyvStore(new Keyv({ store: slow }))
  const namespace = store.account('577089').namespace('orders')
  const ids = Array.from({ length: 20 }, (_, index) => `${index}`)
  await Promise.all(ids.map((id) => namespace.session(id).patch({ id })))
  most = 0
  await Promise.all(ids.map((id) => namespace.session(id).patch({ again: id })))
  expect(most).toBe(20)
  most = 0
  await Promise.all(ids.map((id) => namespace.session('one').patch({ [id]: id })))
  expect(most).toBe(1)
})
