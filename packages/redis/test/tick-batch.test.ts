import { absent, type JsonValue, type Limits, type Properties } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { freshPrefix, keysOf } from './key-space.ts'

async function started(limits: Limits = {}) {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const store = redisStore({ url: server.url, keyPrefix, limits })
  onTestFinished(() => store.close())
  return { server, keyPrefix, namespace: store.account('1').namespace('orders') }
}

/** How often the server was asked to run a script, or to read keys. */
async function calls(server: RedisServer, command: 'evalsha' | 'mget'): Promise<number> {
  const stats = String(await server.command('INFO', 'commandstats'))
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
}

test('the patches of a tick are sent as one call, and so are its reads', async () => {
  const { server, namespace } = await started()
  const sessions = Array.from({ length: 64 }, (_, index) => namespace.session(`s${index}`))
  await Promise.all(sessions.map((session) => session.patch({ a: 1 })))
  const before = { evalsha: await calls(server, 'evalsha'), mget: await calls(server, 'mget') }
  await Promise.all(sessions.map((session, index) => session.patch({ b: index })))
  const all = await Promise.all(sessions.map((session) => session.getAll()))
  expect(all).toEqual(sessions.map((_, index) => ({ a: 1, b: index })))
  // 32 calls per message, and now and then a reclaim; sent one by one, there would be 64.
  expect((await calls(server, 'evalsha')) - before.evalsha).toBeLessThanOrEqual(4)
  expect((await calls(server, 'mget')) - before.mget).toBeLessThanOrEqual(4)
})

test('each call of a tick succeeds or fails on its own, and its error names its session', async () => {
  const { server, keyPrefix, namespace } = await started({ documentLength: 500 })
  const sessions = Array.from({ length: 40 }, (_, index) => namespace.session(`s${index}`))
  await Promise.all(sessions.map((session) => session.patch({ a: 1 })))
  const foreign = (await keysOf(server, keyPrefix)).find((key) => String(key).endsWith('orderss7'))
  await server.command('DEL', String(foreign))
  await server.command('RPUSH', String(foreign), 'somebody else’s')

  const settled = await Promise.allSettled(
    sessions.map((session, index) => {
      if (index === 11) return session.patch({ text: 'x'.repeat(500) })
      if (index === 12) return session.patchIf({ a: 2 }, { b: 1 })
      if (index === 13) return session.patchIf({ a: 1 }, { a: absent, b: 13 })
      if (index === 14) return namespace.session('new').patch({ b: 14 })
      return session.patch({ b: index }, index === 15 ? { ttlSeconds: 60 } : {})
    }),
  )
  const read = await Promise.allSettled(sessions.map((session) => session.getAll()))
  for (const [index, outcome] of settled.entries()) {
    const address = { account: '1', namespace: 'orders', session: `s${index}` }
    if (index === 7 || index === 11) {
      const code = index === 7 ? 'corrupt' : 'too-large'
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code, address } })
    } else {
      const value = index === 12 ? { ok: false, current: { a: 1 } } : index === 13 ? { ok: true } : undefined
      expect(outcome).toEqual({ status: 'fulfilled', value })
    }
    if (index === 7) {
      expect(read[7]).toMatchObject({ status: 'rejected', reason: { code: 'corrupt', address } })
      continue
    }
    const unchanged = index === 11 || index === 12 || index === 14
    const expected = unchanged ? { a: 1 } : index === 13 ? { b: 13 } : { a: 1, b: index }
    expect(read[index]).toEqual({ status: 'fulfilled', value: expected })
  }
  expect(await namespace.session('new').getAll()).toEqual({ b: 14 })
  expect((await sessions[15]?.info())?.ttlSeconds).toBe(60)
})

test('a session that is patched many times is the merge of all patches, and does not keep growing', async () => {
  const { server, keyPrefix, namespace } = await started()
  const name = fc.constantFrom('', 'a', 'b', '"', '\\', '\n', 'a":', '__proto__', '\\"a', 'é')
  const value: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue[]>(
    null,
    7,
    '',
    '\n"a":1,',
    '",\n"b":2',
    '\\',
    [1, { a: ',\n' }],
    'x'.repeat(20),
  )
  const patch = fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true })
  let number = 0
  await fc.assert(
    fc.asyncProperty(fc.array(patch, { minLength: 20, maxLength: 40 }), async (patches) => {
      const id = `merged${number++}`
      const session = namespace.session(id)
      const model = new Map<string, JsonValue>()
      for (const properties of patches) {
        await session.patch(properties)
        for (const [key, item] of Object.entries(properties)) model.set(key, item)
      }
      const merged: Properties = Object.fromEntries(model)
      const found = await session.getAll()
      expect(found).toEqual(merged)
      expect(Object.keys(found)).toEqual(Object.keys(merged))
      const key = (await keysOf(server, keyPrefix)).find((own) => String(own).endsWith(`orders${id}`))
      const stored = key === undefined ? 0 : Number(await server.command('STRLEN', String(key)))
      expect(stored).toBeLessThan(69 + 2 * (2 * Buffer.byteLength(JSON.stringify(merged)) + 80))
    }),
    { numRuns: 60 },
  )
})
