import { absent, type ContextStore, type Properties, present } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { codeOf } from './answer-of.ts'
import { freshPrefix, keysOf, lastingKeys } from './key-space.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

async function started(): Promise<{ server: RedisServer; keyPrefix: string; open: () => ContextStore }> {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const open = (): ContextStore => {
    const store = redisStore({ url: server.url, keyPrefix })
    onTestFinished(() => store.close())
    return store
  }
  return { server, keyPrefix, open }
}

test('`present` holds for every value, and not for a missing property', async () => {
  const { open } = await started()
  const store = open()
  const values: Properties = { a: null, b: '', c: '+', d: 0, e: false, f: [], g: {}, '"\\\n': 1 }
  const session = store.session(address)
  await session.patch(values)
  for (const name of Object.keys(values)) {
    expect(await session.patchIf({ [name]: present }, { last: name })).toEqual({ ok: true })
  }
  // However `present` is encoded for the server, no value may be confused with it.
  for (const value of [...Object.values(values), 1, 9, true, 'present', '*', '-', '.', ' ']) {
    const other = session.patchIf({ a: value, last: present }, { last: 'wrong' })
    expect([value, (await other).ok]).toEqual([value, value === null])
    await session.patch({ last: 'right' })
  }
  await session.patch({ c: '+', h: '+' })
  expect(await session.patchIf({ none: present, h: present, c: '+' }, { last: 1 })).toEqual({
    ok: false,
    current: { h: '+', c: '+' },
  })
  expect(await session.patchIf({ h: '+', none: absent }, { h: absent })).toEqual({ ok: true })
  expect(await session.patchIf({ h: present }, {}, { ttlSeconds: 60 })).toEqual({ ok: false, current: {} })
  expect(await session.clearIf({ h: present })).toEqual({ ok: false, current: {} })
  expect(await session.clearIf({ a: present, h: absent })).toEqual({ ok: true })
  expect(await session.clearIf({ a: present })).toEqual({ ok: false, current: {} })
  expect(await session.clearIf({ a: absent })).toEqual({ ok: true })
})

test('`clearIf` ends a session only if its condition holds, and leaves nothing behind', async () => {
  const { server, keyPrefix, open } = await started()
  const store = open()
  const namespace = store.account('1').namespace('orders')
  await namespace.create()
  const before = await lastingKeys(server, keyPrefix)
  const session = namespace.session('42')
  await session.patch({ step: 1, cart: { a: 1, b: [2] } }, { ttlSeconds: 600 })
  expect(await session.clearIf({ step: 2, cart: present, none: absent })).toEqual({
    ok: false,
    current: { step: 1, cart: { a: 1, b: [2] } },
  })
  expect((await session.info())?.ttlSeconds).toBe(600)
  expect(await session.clearIf({ step: 1, cart: { b: [2], a: 1 } })).toEqual({ ok: true })
  expect(await session.getAll()).toEqual({})
  expect((await namespace.listSessions()).items).toEqual([])
  const bucketRecords = (await keysOf(server, keyPrefix)).map(String).filter((key) => /\}n\d/.test(key))
  expect((await lastingKeys(server, keyPrefix)).filter((key) => !bucketRecords.includes(key))).toEqual(before)
})

test('of `clearIf` and `patchIf` of several stores on one state, exactly one succeeds', async () => {
  const { open } = await started()
  const stores = Array.from({ length: 4 }, open)
  await Promise.all(stores.map((store) => store.ready()))
  for (let round = 0; round < 50; round++) {
    const sessions = stores.map((store) => store.session({ ...address, session: `${round}` }))
    await sessions[0]?.patch({ turn: round })
    const results = await Promise.all(
      sessions.map((session, index) =>
        index % 2 === 0
          ? session.clearIf({ turn: round })
          : session.patchIf({ turn: round }, { turn: 'taken' }),
      ),
    )
    const winners = results.flatMap(({ ok }, index) => (ok ? [index] : []))
    expect(winners).toHaveLength(1)
    const left = (winners[0] ?? 0) % 2 === 0 ? {} : { turn: 'taken' }
    expect(await sessions[0]?.getAll()).toEqual(left)
    for (const result of results) if (!result.ok) expect(result.current).toEqual(left)
  }
})

test('`clear` removes a damaged session, which `clearIf` reports', async () => {
  const { server, keyPrefix, open } = await started()
  const store = open()
  const namespace = store.account('1').namespace('orders')
  const session = namespace.session('42')
  for (const damage of [
    (key: string) => server.command('SETRANGE', key, '12', 'x'),
    (key: string) => server.command('SETRANGE', key, '69', 'x'),
    (key: string) => server.command('APPEND', key, 'x'),
    async (key: string) => {
      await server.command('DEL', key)
      await server.command('RPUSH', key, 'x')
    },
  ]) {
    await session.patch({ a: 1 })
    const key = (await keysOf(server, keyPrefix)).map(String).find((each) => each.endsWith('orders42'))
    await damage(key ?? '')
    expect(await codeOf(() => session.clearIf({ a: 1 }))).toBe('corrupt')
    expect(await codeOf(() => session.clear())).toBe('no error')
    expect(await session.getAll()).toEqual({})
    expect((await namespace.listSessions()).items).toEqual([])
  }
})
