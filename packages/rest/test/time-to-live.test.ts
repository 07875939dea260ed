import { memoryStore } from '@context-store/memory'
import { expect, test } from 'vitest'
import { handlerClient } from './handler-client.ts'

const base = '/v1/account/a'

function service() {
  let seconds = Date.parse('2019-08-02T19:41:52.017Z') / 1000
  const store = memoryStore({ now: () => seconds * 1000 })
  const send = handlerClient(store)
  return {
    store,
    send,
    pass: (more: number) => {
      seconds += more
    },
    read: async (path: string) => (await send('GET', base + path)).body,
    write: async (method: string, path: string, body: unknown) => {
      const { status } = await send(method, base + path, { body: JSON.stringify(body) })
      expect(status).toBe(204)
    },
  }
}

test('a session expires after the time to live of its namespace, counted from the last write', async () => {
  const { read, write, send, pass } = service()
  await write('POST', '?ttlSecond=100', { name: 'n' })
  expect(await read('')).toMatchObject([{ name: 'n', ttlSecond: 100 }])
  await write('PATCH', '/n/s/properties', { a: 1, b: 2 })
  pass(60)
  await write('PUT', '/n/s/properties/b', null)
  pass(60)
  expect(await read('/n/s/properties')).toEqual({ a: 1, b: null })
  // A deletion does not restart the time to live.
  await send('DELETE', `${base}/n/s/properties/b`)
  pass(39)
  expect(await read('/n/s/properties/a')).toEqual({ a: 1 })
  pass(1)
  expect(await read('/n/s/properties')).toEqual({})
  expect((await send('GET', `${base}/n/s/properties/a`)).status).toBe(404)
  expect(await read('/n/session-ids')).toEqual([])
  expect(await read('/n/session-properties')).toEqual([])
  expect(await read('/namespace/n/session')).toEqual([])
  expect(await read('')).toMatchObject([{ name: 'n', ttlSecond: 100 }])
})

test('a POST of an existing namespace changes its time to live only if one is given', async () => {
  const { read, write } = service()
  await write('POST', '', { name: 'n' })
  expect(await read('')).not.toHaveProperty('0.ttlSecond')
  await write('POST', '?ttlSecond=100', { name: 'n' })
  await write('POST', '', { name: 'n' })
  expect(await read('')).toMatchObject([{ ttlSecond: 100 }])
  await write('PATCH', '/n/s/properties', { a: 1 })
  await write('POST', '?ttlSecond=50', { name: 'n' })
  // It applies from the session's next write.
  expect(await read('/namespace/n/session')).toMatchObject([{ ttlSecond: 100 }])
  await write('PATCH', '/n/s/properties', {})
  expect(await read('/namespace/n/session')).toMatchObject([{ ttlSecond: 50 }])
  await write('POST', '?ttlSecond=0', { name: 'n' })
  expect(await read('')).not.toHaveProperty('0.ttlSecond')
})

test('a session’s own time to live takes precedence over its namespace’s, until the session ends', async () => {
  const { store, read, write, send, pass } = service()
  await write('POST', '?ttlSecond=10', { name: 'n' })
  await write('POST', '/namespace/n/session?ttlSecond=100', { sessionId: 's' })
  const [{ createdAt }] = (await read('/namespace/n/session')) as [{ createdAt: string }]
  expect(createdAt).toBe('2019-08-02T19:41:52.017Z')
  expect(await read('/namespace/n/session')).toEqual([{ sessionId: 's', createdAt, ttlSecond: 100 }])
  pass(99)
  await write('PATCH', '/n/s/properties', { a: 1 })
  pass(99)
  expect(await read('/n/s/properties')).toEqual({ a: 1 })
  await send('DELETE', `${base}/namespace/n/session/s`)
  expect(await store.session({ account: 'a', namespace: 'n', session: 's' }).info()).toBeUndefined()
  await write('PATCH', '/n/s/properties', { a: 1 })
  expect(await read('/namespace/n/session')).toMatchObject([{ sessionId: 's', ttlSecond: 10 }])
  pass(10)
  expect(await read('/n/s/properties')).toEqual({})
})

test('a POST of a session without a time to live creates only the namespace', async () => {
  const { store, read, write } = service()
  await write('POST', '/namespace/n/session', { sessionId: 's' })
  expect(await read('/n/session-ids')).toEqual([])
  expect(await store.account('a').namespace('n').info()).toBeDefined()
})
