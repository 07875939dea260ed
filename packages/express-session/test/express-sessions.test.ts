import type { ContextStore } from '@context-store/core'
import { ExpressSessions } from '@context-store/express-session'
import { memoryStore } from '@context-store/memory'
import { Cookie, type SessionData } from 'express-session'
import { afterEach, expect, test, vi } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'

const namespaceOf = (store: ContextStore) => store.account('shop').namespace('web')
const sessionsOf = (store: ContextStore) => new ExpressSessions(namespaceOf(store))

/** A session whose cookie expires after so many milliseconds; if omitted, the cookie has no expiry. */
function data(members: object, endsIn?: number): SessionData {
  const cookie = new Cookie()
  if (endsIn !== undefined) cookie.expires = new Date(Date.now() + endsIn)
  return { cookie, ...members }
}

afterEach(() => {
  vi.useRealTimers()
})

onEachStore((open) => {
  test('a session is set, read, counted, listed and destroyed', async () => {
    const store = open()
    const sessions = sessionsOf(store)
    expect(await sessions.get('a')).toBeUndefined()
    await sessions.set('a', data({ user: 'ann' }))
    await sessions.set('b', data({ user: 'bob' }, 60_000))
    expect(await sessions.get('a')).toMatchObject({ user: 'ann', cookie: { path: '/' } })
    expect(await sessions.length()).toBe(2)
    expect(await sessions.all()).toMatchObject({ a: { user: 'ann' }, b: { user: 'bob' } })
    await sessions.destroy('a')
    await sessions.destroy('never there')
    expect(await sessions.get('a')).toBeUndefined()
    expect(Object.keys(await sessions.all())).toEqual(['b'])
    expect(await namespaceOf(store).session('b').get('user')).toBe('bob')
  })

  test('a session lives as long as its cookie, or a day without an expiry, and `touch` restarts that time', async () => {
    const store = open()
    const sessions = sessionsOf(store)
    const ttlOf = async (sid: string) => (await namespaceOf(store).session(sid).info())?.ttlSeconds
    await sessions.set('day', data({}))
    await sessions.set('minute', data({}, 59_500))
    expect([await ttlOf('day'), await ttlOf('minute')]).toEqual([86_400, 60])
    const longer = data({ ignored: true }, 89_500)
    await sessions.touch('minute', longer)
    expect(await ttlOf('minute')).toBe(90)
    expect(await sessions.get('minute')).toEqual({ cookie: JSON.parse(JSON.stringify(longer.cookie)) })
    await sessions.set('minute', data({}, -1))
    expect(await ttlOf('minute')).toBeUndefined()
    await sessions.touch('day', data({}, -1))
    expect(await ttlOf('day')).toBeUndefined()
    const hour = new ExpressSessions(namespaceOf(store), { ttlSeconds: 3600 })
    await hour.set('hour', data({}))
    expect(await ttlOf('hour')).toBe(3600)
  })

  test('neither `touch` nor `set` brings back a session that was destroyed meanwhile', async () => {
    const sessions = sessionsOf(open())
    await sessions.set('a', data({ user: 'ann' }))
    const late = await sessions.get('a')
    await sessions.destroy('a')
    await sessions.touch('a', late ?? data({}))
    await sessions.set('a', late ?? data({}))
    expect(await sessions.length()).toBe(0)
    await sessions.touch('never there', data({}))
    expect(await sessions.length()).toBe(0)
  })

  test.each(['touch', 'set'] as const)(
    'a late `%s` does not bring back a session that has expired',
    async (call) => {
      const start = Date.UTC(2026, 0)
      vi.useFakeTimers({ toFake: ['Date'], now: start })
      const sessions = sessionsOf(open({ now: () => Date.now() }))
      await sessions.set('a', data({ user: 'ann' }, 60_000))
      const late = await sessions.get('a')
      vi.setSystemTime(start + 60_000)
      await sessions[call]('a', Object.assign(late ?? data({}), data({ user: 'late' }, 60_000)))
      expect(await sessions.length()).toBe(0)
    },
  )

  test('a session ends at the millisecond at which its cookie expires', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0) })
    const sessions = sessionsOf(open({ now: () => Date.now() }))
    await sessions.set('a', data({}, 59_500))
    vi.setSystemTime(Date.UTC(2026, 0) + 59_499)
    expect(await sessions.length()).toBe(1)
    vi.setSystemTime(Date.UTC(2026, 0) + 59_500)
    expect(await sessions.get('a')).toBeUndefined()
    expect(await sessions.all()).toEqual({})
    expect(await sessions.length()).toBe(0)
  })

  test('`clear` ends thousands of sessions, and the namespace keeps its time to live', async () => {
    const store = open()
    await namespaceOf(store).create({ ttlSeconds: 77 })
    const sessions = sessionsOf(store)
    await Promise.all(Array.from({ length: 2300 }, (_, id) => sessions.set(`s${id}`, data({}, 60_000))))
    expect(await sessions.length()).toBe(2300)
    await sessions.clear()
    expect(await sessions.length()).toBe(0)
    expect((await namespaceOf(store).info())?.ttlSeconds).toBe(77)
  })

  test('ids of any length name different sessions', async () => {
    const sessions = sessionsOf(open())
    const ids = ['a', '', 'x'.repeat(600), `${'x'.repeat(600)}y`]
    for (const id of ids) await sessions.set(id, data({ id }))
    for (const id of ids) expect(await sessions.get(id)).toMatchObject({ id })
  })
})

test('every method takes a callback, or returns a promise', async () => {
  const store = memoryStore()
  const sessions = sessionsOf(store)
  const called = <T>(call: (callback: (error?: unknown, result?: T) => void) => void) =>
    new Promise((resolve) => call((...args) => resolve(args)))
  expect(await called((callback) => sessions.set('a', data({ user: 'ann' }), callback))).toEqual([
    null,
    undefined,
  ])
  expect(await called((callback) => sessions.get('a', callback))).toEqual([
    null,
    expect.objectContaining({ user: 'ann' }),
  ])
  expect(await called((callback) => sessions.touch('a', data({}), callback))).toEqual([null, undefined])
  expect(await called((callback) => sessions.length(callback))).toEqual([null, 1])
  expect(await called((callback) => sessions.all(callback))).toEqual([null, { a: expect.anything() }])
  expect(await called((callback) => sessions.destroy('a', callback))).toEqual([null, undefined])
  expect(await called((callback) => sessions.clear(callback))).toEqual([null, undefined])
  await store.close()
  expect(await called((callback) => sessions.get('a', callback))).toEqual([
    expect.objectContaining({ code: 'closed' }),
  ])
  await expect(sessions.get('a')).rejects.toMatchObject({ code: 'closed' })
  expect(await called((callback) => sessions.set('a', data({}), callback))).toEqual([
    expect.objectContaining({ code: 'closed' }),
  ])
})

test('unknown options and invalid times to live are refused', () => {
  const namespace = namespaceOf(memoryStore())
  expect(() => new ExpressSessions(namespace, { ttl: 60 } as never)).toThrow(/"ttl"/)
  expect(() => new ExpressSessions(namespace, { ttlSeconds: -1 })).toThrow(/ttlSeconds/)
})
