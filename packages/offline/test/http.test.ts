import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { memoryStore } from '@context-store/memory'
import { type OfflineStore, offlineStore } from '@context-store/offline'
import { restStore } from '@context-store/rest/client'
import { type ContextServiceDouble, startContextService } from '@context-store/rest/testing'
import { sqliteStore } from '@context-store/sqlite'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { everything } from './network.ts'

const folder = mkdtempSync(join(tmpdir(), 'context-store-'))
afterAll(() => rmSync(folder, { recursive: true }))

let double: ContextServiceDouble
beforeEach(async () => {
  double = await startContextService({ keys: { a: 'k' } })
})
afterEach(() => double.close())

/** A device with a network of real sockets; `page`: the response of a proxy instead of the service. */
function device(proxy?: () => Response | undefined): OfflineStore {
  return offlineStore({
    local: memoryStore(),
    remote: restStore({
      baseUrl: double.url,
      apiKey: 'k',
      timeoutMs: 300,
      fetch: (input, init) => {
        const page = proxy?.()
        return page === undefined ? fetch(input, init) : Promise.resolve(page)
      },
    }),
    pull: 'manual',
    push: 'manual',
  })
}

function html(status: number): Response {
  return new Response('<h1>Sign in to this network</h1>', {
    status,
    headers: { 'content-type': 'text/html' },
  })
}

test('a portal instead of the service loses nothing; a patch that a proxy finds too large is rejected', async () => {
  let page: (() => Response) | undefined = () => html(200)
  await using store = device(() => page?.())
  const at = store.account('a').namespace('shop').session('visit')
  await at.patch({ basket: ['tea'], photo: 'x'.repeat(100) })
  expect(await store.flush()).toMatchObject({ state: 'offline', pending: 1, lastError: { code: 'corrupt' } })
  let requests = 0
  page = () => {
    requests++
    return html(413)
  }
  await at.patch({ step: 1 })
  await store.flush()
  expect(store.status).toMatchObject({ pending: 0, rejected: 1 })
  expect(requests).toBe(5)
  page = undefined
  for await (const write of store.rejected()) await write.retry()
  expect(await store.flush()).toMatchObject({ state: 'synced', rejected: 0 })
  expect(double.snapshot().a?.shop?.visit).toEqual({ basket: ['tea'], photo: 'x'.repeat(100), step: 1 })
})

test('names that a path cannot express are rejected before anything is sent', async () => {
  await using store = device()
  await store.account('a').namespace('shop').session('..').patch({ step: 1 })
  await store.account('a').namespace('shop').session('visit').patch({ step: 1 })
  expect(await store.flush()).toMatchObject({ pending: 0, rejected: 1 })
  expect(double.snapshot()).toEqual({ a: { shop: { visit: { step: 1 } } } })
})

test('a regenerated key stops its account until there is another one', async () => {
  let key = 'k'
  await using store = offlineStore({
    local: memoryStore(),
    remote: restStore({ baseUrl: double.url, apiKey: () => key }),
    pull: 'manual',
    push: 'manual',
  })
  const at = store.account('a').namespace('shop').session('visit')
  const fresh = double.regenerateKey('a')
  await at.patch({ step: 1 })
  expect(await store.flush()).toMatchObject({ state: 'unauthorized', pending: 1 })
  key = fresh
  expect(await store.flush()).toMatchObject({ state: 'synced', pending: 0 })
})

test.each(['<h1>Sign in</h1>', '', 'k\n'])('a key function that returns %j loses nothing', async (page) => {
  let key = page
  await using store = offlineStore({
    local: memoryStore(),
    remote: restStore({ baseUrl: double.url, apiKey: () => key }),
    pull: 'manual',
    push: 'manual',
  })
  await store.account('a').namespace('shop').session('visit').patch({ step: 1 })
  expect(await store.flush()).toMatchObject({ state: 'unauthorized', pending: 1, rejected: 0 })
  key = 'k'
  expect(await store.flush()).toMatchObject({ state: 'synced', pending: 0 })
  expect(double.snapshot()).toEqual({ a: { shop: { visit: { step: 1 } } } })
})

test('a base URL with a path too many loses nothing', async () => {
  const local = memoryStore()
  const open = (baseUrl: string) =>
    offlineStore({ local, remote: restStore({ baseUrl, apiKey: 'k' }), pull: 'manual', push: 'manual' })
  const wrong = open(`${double.url}/v1`)
  await wrong.account('a').namespace('shop').session('visit').patch({ step: 1 })
  expect(await wrong.flush()).toMatchObject({ state: 'offline', pending: 1, rejected: 0 })
  await using right = open(double.url)
  expect(await right.flush()).toMatchObject({ state: 'synced', pending: 0 })
  expect(double.snapshot()).toEqual({ a: { shop: { visit: { step: 1 } } } })
})

test('with a service that fails in every way, devices and service agree once it works', async () => {
  const fault = fc.constantFrom(
    { status: 503 },
    { status: 503, afterEffect: true },
    { status: 429 },
    { status: 401 },
    { reset: true as const },
    { reset: true as const, afterEffect: true },
    { halfBody: true as const },
    { delayMs: 2_000 },
  )
  const step = fc.record({
    who: fc.nat(1),
    session: fc.constantFrom('s', 't'),
    name: fc.constantFrom('x', 'y', 'z'),
    does: fc.constantFrom('patch', 'patch', 'delete', 'flush'),
    fault: fc.option(fault, { freq: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      double.reset()
      const devices = [device(), device()] as const
      let value = 0
      const last = new Map<string, unknown>()
      for (const { who, session, name, does, fault } of steps) {
        const store = devices[who === 0 ? 0 : 1]
        const at = store.account('a').namespace('shop').session(session)
        if (fault !== null) double.fault({ ...fault, match: { method: 'PATCH' } })
        if (does === 'flush') await store.flush()
        else {
          const written = does === 'patch' ? `${who}.${value++}` : undefined
          last.set(`${session}/${name}/${who}`, written)
          await (written === undefined ? at.delete(name) : at.patch({ [name]: written }))
        }
      }
      double.reset(double.snapshot())
      for (const store of devices) expect(await store.flush()).toMatchObject({ state: 'synced' })
      const there = await everything(double.store)
      for (const store of devices) {
        for (const session of ['s', 't']) await store.pull({ account: 'a', namespace: 'shop', session })
        expect(await everything(store)).toEqual(there)
      }
      for (const session of ['s', 't']) {
        const found = (there[`a/shop/${session}`] ?? {}) as { [name: string]: unknown }
        for (const name of ['x', 'y', 'z']) {
          const keys = [0, 1].map((who) => `${session}/${name}/${who}`).filter((key) => last.has(key))
          if (keys.length > 0) expect(keys.map((key) => last.get(key))).toContain(found[name])
        }
      }
      for (const store of devices) await store.close()
    }),
    { numRuns: 15 },
  )
})

test('two processes that send from one file, killed again and again, lose no acknowledged write', async () => {
  const path = join(folder, 'device.db')
  const promised = new Map<string, number>()
  const script = fileURLToPath(new URL('fixtures/device-process.mjs', import.meta.url))
  const next = { one: 0, two: 0 }
  const start = (own: 'one' | 'two'): ChildProcess => {
    const child = spawn(process.execPath, [script, path, double.url, own, `${next[own]}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    createInterface(child.stdout).on('line', (line) => {
      const [session, count] = line.split(' ')
      promised.set(`${session} ${own}`, Number(count))
      next[own] = Number(count) + 1
    })
    return child
  }
  const lines = (own: 'one' | 'two'): number => next[own]
  let one = start('one')
  const two = start('two')
  for (let kill = 0; kill < 3; kill++) {
    const before = lines('one')
    // While it sends: after some writes, and after a request has arrived.
    await double.waitForRequest({ method: 'PATCH' }, { timeoutMs: 30_000 })
    while (lines('one') < before + 50) await new Promise((resolve) => setImmediate(resolve))
    one.kill('SIGKILL')
    await once(one, 'close')
    double.reset(double.snapshot())
    one = start('one')
  }
  while (lines('one') < 500 || lines('two') < 500) await new Promise((resolve) => setImmediate(resolve))
  for (const child of [one, two]) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  await using store = offlineStore({
    local: sqliteStore({ path }),
    remote: restStore({ baseUrl: double.url, apiKey: 'k' }),
    push: 'manual',
    pull: 'manual',
  })
  expect(await store.flush()).toMatchObject({ state: 'synced', pending: 0 })
  const there = await everything(double.store)
  expect(await everything(store)).toEqual(there)
  expect(promised.size).toBe(14)
  for (const [key, count] of promised) {
    const [session, own] = key.split(' ')
    const found = there[`a/shop/${session}`] as { [name: string]: number }
    // The last write may have been made without being acknowledged.
    expect(found[`${own}`], key).toBeGreaterThanOrEqual(count)
  }
})
