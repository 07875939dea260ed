import type { ContextStore } from '@context-store/core'
import Keyv from 'keyv'
import { expect, test, vi } from 'vitest'
import { keyvStore } from '../src/index.ts'
import { FaultyAdapter } from './faulty-adapter.ts'

const start = Date.UTC(2026, 0, 1)

/** A storage with a clock, and the stores on it. */
class World {
  readonly map = new Map<string, unknown>()
  readonly keyv = new Keyv({ store: this.map })
  now = start

  open(): ContextStore {
    return keyvStore(this.keyv, { now: () => this.now })
  }

  /** Runs a program that writes once and exits. */
  async run(): Promise<void> {
    const store = this.open()
    await store.account('others').namespace('n').session().patch({ a: 1 })
    await store.close()
  }

  /** Runs such programs until at most this many sessions are stored. */
  async runUntil(sessions: number): Promise<void> {
    for (let runs = 0; runs < 3000 && this.sessions() > sessions; runs++) await this.run()
  }

  sessions(): number {
    return [...this.map.keys()].filter((key) => key.includes('-s-')).length
  }

  async write(count: number, prefix: string, namespace: string, ttlSeconds: number): Promise<void> {
    const store = this.open()
    const target = store.account('a').namespace(namespace)
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        target.session(`${prefix}${index}`).patch({ index }, { ttlSeconds }),
      ),
    )
    await store.close()
  }
}

test('programs that write once and exit free expired sessions, in other namespaces and among many that stay', async () => {
  const world = new World()
  await world.write(500, 'stays', 'm', 0)
  await world.write(100, 'goes', 'm', 60)
  await world.write(200, 'goes', 'n', 60)
  world.now += 60_000
  await world.runUntil(501)
  expect(world.sessions()).toBe(501)
  const listed: string[] = []
  for await (const { id } of world.open().account('a').namespace('m').sessions()) listed.push(id)
  expect(listed).toHaveLength(500)
})

test('a long-lived store frees expired sessions', async () => {
  const world = new World()
  const store = world.open()
  const namespace = store.account('a').namespace('n')
  const ids = Array.from({ length: 300 }, (_, index) => `s${index}`)
  await Promise.all(ids.map((id) => namespace.session(id).patch({ id }, { ttlSeconds: 60 })))
  world.now += 60_000
  for (let writes = 0; writes < 3000 && world.sessions() > 1; writes++) {
    await namespace.session('stays').patch({ writes })
  }
  expect(world.sessions()).toBe(1)
})

test('programs that write once and exit remove the sessions of deleted namespaces', async () => {
  const world = new World()
  await world.write(1300, 's', 'n', 0)
  await world.open().account('a').namespace('n').delete()
  expect(world.sessions()).toBeGreaterThan(200)
  await world.runUntil(1)
  expect(world.sessions()).toBe(1)
  await world.run()
  await world.open().account('others').namespace('n').delete()
  expect(world.map.size).toBe(0)
})

test.each([
  ['namespace', 2],
  ['account without namespaces', 1],
])('a later program unlists a %s that a failed deletion left behind', async (_, parts) => {
  const adapter = new FaultyAdapter()
  const keyv = new Keyv({ store: adapter })
  const store = keyvStore(keyv)
  await store.account('a').namespace('m').create()
  // The index of the accounts was written first, then that of the account's namespaces.
  const indexes = [...adapter.map.keys()].filter((key) => key.includes('-i-'))
  for (const key of indexes.slice(0, parts)) adapter.keys.add(key)
  adapter.faults.set('delete', 'throws')
  await store.account('a').namespace('m').delete()
  adapter.faults.clear()
  expect(indexes.map((key) => adapter.map.has(key))).toEqual([true, parts === 2])
  const accounts = new Set(['a'])
  for (let runs = 0; runs < 1000 && accounts.has('a'); runs++) {
    const other = keyvStore(keyv)
    await other.account('b').namespace('n').session().patch({ runs })
    await other.close()
    accounts.clear()
    for await (const account of store.accounts()) accounts.add(account)
  }
  expect([...accounts]).toEqual(['b'])
  for await (const { name } of store.account('a').namespaces()) throw new Error(`${name} is listed`)
})

test('a session that was created again is not removed instead of the expired one', async () => {
  for (let delay = 0; delay < 40; delay++) {
    const adapter = new FaultyAdapter()
    let now = start
    const keyv = new Keyv({ store: adapter })
    const open = () => keyvStore(keyv, { now: () => now })
    const ids = Array.from({ length: 8 }, (_, index) => `${index}`)
    const first = open().account('a').namespace('n')
    await Promise.all(ids.map((id) => first.session(id).patch({ old: 1 }, { ttlSeconds: 60 })))
    now += 60_000
    const store = open()
    const namespace = store.account('a').namespace('n')
    // After this write the store reclaims, while the sessions are created again.
    await namespace.session('other').patch({ a: 1 })
    for (let ticks = 0; ticks < delay; ticks++) await new Promise(setImmediate)
    await Promise.all(ids.map((id) => namespace.session(id).patch({ again: 1 })))
    for (const id of ids) expect(await namespace.session(id).getAll()).toEqual({ again: 1 })
    expect((await namespace.listSessions()).items).toHaveLength(9)
    await store.close()
    expect((await first.listSessions()).items).toHaveLength(9)
  }
})

test('a store that finds nothing to free looks less often', async () => {
  const adapter = new FaultyAdapter()
  const store = keyvStore(new Keyv({ store: adapter }))
  const namespace = store.account('a').namespace('n')
  const ids = Array.from({ length: 100 }, (_, index) => `s${index}`)
  await Promise.all(ids.map((id) => namespace.session(id).patch({ id })))
  const reads = vi.spyOn(adapter, 'getMany')
  // 32 times 64 writes.
  for (let round = 0; round < 128; round++) {
    await Promise.all(ids.slice(0, 16).map((id) => namespace.session(id).patch({ round })))
  }
  await store.close()
  expect(reads.mock.calls.filter(([keys]) => keys.length > 2).length).toBeLessThan(20)
})
