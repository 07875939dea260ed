import { memoryStore } from '@context-store/memory'
import { createKeys, type HandlerOptions } from '@context-store/rest'
import { expect, test } from 'vitest'
import { handlerClient } from './handler-client.ts'

const base = '/v2/context/document'
const start = Date.parse('2024-01-15T00:00:00Z')
const day = 86_400_000

function service(options: HandlerOptions = {}) {
  let now = start
  const store = memoryStore({ now: () => now })
  const send = handlerClient(store, options)
  return {
    store,
    send,
    pass: (ms: number) => {
      now += ms
    },
    create: async (more: object) =>
      send('POST', `${base}/create`, { body: JSON.stringify({ accountId: 'a', nameSpace: 'n', ...more }) }),
    ttlOf: async (session: string) => {
      const { body } = await send('GET', `${base}/a/n/${session}`)
      return (Date.parse((body as { ttl: string }).ttl) - now) / 1000
    },
  }
}

test('a document is a session, and its payload is merged', async () => {
  const { store, send, create } = service()
  const session = store.session({ account: 'a', namespace: 'n', session: 's' })
  await session.patch({ a: 1, b: { x: 1 } })
  await create({ sessionId: 's', payload: { b: { y: 1 }, 'c.d': null } })
  expect(await session.getAll()).toEqual({ a: 1, b: { y: 1 }, 'c.d': null })
  const filter = ['n.c.d', 'n.a', 'n.n.a']
  const read = { accountId: 'a', nameSpace: 'n', sessionId: 's', filter }
  expect((await send('POST', `${base}/properties`, { body: JSON.stringify(read) })).body).toEqual({
    'n.c.d': null,
    'n.a': 1,
  })
  const some = { accountId: 'a', nameSpace: 'n', sessionId: 's', propertyToDelete: ['a', 'none'] }
  await send('DELETE', `${base}/property/delete`, { body: JSON.stringify(some) })
  expect(await session.getAll()).toEqual({ b: { y: 1 }, 'c.d': null })
  const { propertyToDelete: _, ...all } = some
  await send('DELETE', `${base}/property/delete`, { body: JSON.stringify(all) })
  expect(await session.info()).toBeUndefined()
  const again = await send('DELETE', `${base}/delete`, { body: JSON.stringify(all) })
  expect([again.status, again.body]).toEqual([200, { documentKey: 'a:n:s', tenantId: 'a', success: true }])
})

test('without a session, the document is __default__, and the answer names no session', async () => {
  const { store, send, create } = service()
  expect((await create({ payload: {} })).body).toMatchObject({ documentKey: 'a:n:' })
  const { body } = await send('GET', `${base}/a/n`)
  expect(body).toMatchObject({ documentKey: 'a:n:', payload: {} })
  expect(body).not.toHaveProperty('sessionId')
  expect((await create({ sessionId: '__default__', payload: {} })).body).toMatchObject({
    documentKey: 'a:n:__default__',
  })
  await send('DELETE', `${base}/delete`, { body: '{"accountId":"a","nameSpace":"n"}' })
  expect(await store.session({ account: 'a', namespace: 'n' }).info()).toBeUndefined()
})

test('a document expires after 13 months if no time to live is given', async () => {
  const { store, send, create, pass, ttlOf } = service()
  const payload = { a: 1 }
  await create({ sessionId: 's', payload })
  const months = (await ttlOf('s')) / (86_400 * (365.25 / 12))
  expect(months).toBe(13)
  pass(300 * day)
  await create({ sessionId: 's', payload, ttlSeconds: 0 })
  pass(300 * day)
  expect((await send('GET', `${base}/a/n/s`)).status).toBe(200)
  pass(100 * day)
  expect((await send('GET', `${base}/a/n/s`)).status).toBe(404)

  await create({ sessionId: 'given', payload, ttlSeconds: 60 })
  pass(59_000)
  await create({ sessionId: 'given', payload })
  expect(await ttlOf('given')).toBe(60)
  await store.account('a').namespace('n').create({ ttlSeconds: 30 })
  await create({ sessionId: 'of-namespace', payload })
  expect(await ttlOf('of-namespace')).toBe(30)
})

test('a session without a time to live, written by v1, has no `ttl` in v2', async () => {
  const { store, send } = service()
  await store.session({ account: 'a', namespace: 'n', session: 's' }).patch({ a: 1 })
  expect((await send('GET', `${base}/a/n/s`)).body).not.toHaveProperty('ttl')
})

test('the token is the API key of the account, in the header or the query', async () => {
  const { store, send } = service({ keys: { a: 'token+of a', b: 'other' } })
  await store.session({ account: 'a', namespace: 'n' }).patch({ a: 1 })
  const status = async (query: string, headers: { [name: string]: string } = {}) =>
    (await send('GET', `${base}/a/n${query}`, { headers })).status
  expect(await status('?access_token=token%2Bof+a')).toBe(200)
  expect(await status('?x=1&access_token=token%2bof%20a&y')).toBe(200)
  expect(await status('', { authorization: 'bearer token+of a' })).toBe(200)
  expect(await status('?access_token=other')).toBe(403)
  expect(await status('?access_token=token%2Bof+a', { authorization: 'Bearer other' })).toBe(403)
  for (const none of ['', '?access_token', '?access_token=', '?access_token=%ff', '?my_access_token=x']) {
    expect(await status(none, { 'maven-api-key': 'token+of a' })).toBe(401)
  }
  expect(await status('', { authorization: 'Basic token+of a' })).toBe(401)

  const body = JSON.stringify({ accountId: 'a', nameSpace: 'n', payload: { a: 2 }, filter: ['n.a'] })
  const headers = { authorization: 'Bearer other', 'content-type': 'application/json' }
  for (const [method, path] of [
    ['POST', '/create'],
    ['POST', '/properties'],
    ['DELETE', '/property/delete'],
    ['DELETE', '/delete'],
  ] as const) {
    expect((await send(method, base + path, { body, headers })).status).toBe(403)
  }
  expect(await store.session({ account: 'a', namespace: 'n' }).getAll()).toEqual({ a: 1 })
})

test('a login returns a token that v2 takes until the API key is regenerated', async () => {
  const keys = createKeys({ a: 'k:e' })
  const { store, send } = service({ keys })
  await store.session({ account: 'a', namespace: 'n' }).patch({ a: 1 })
  const login = (authorization?: string) =>
    send('GET', '/v2/authenticate/login', { headers: authorization === undefined ? {} : { authorization } })
  const basic = (text: string) => `Basic ${btoa(text)}`
  const { status, body } = await login(basic('a:k:e'))
  expect([status, body]).toEqual([200, { token: expect.any(String) }])
  const authorization = `Bearer ${(body as { token: string }).token}`
  const read = () => send('GET', `${base}/a/n`, { headers: { authorization } })
  expect((await read()).status).toBe(200)
  expect((await login(basic('a:wrong'))).status).toBe(403)
  expect((await login(basic('b:k:e'))).status).toBe(403)
  for (const none of [
    undefined,
    'Basic',
    basic('a'),
    basic('a:'),
    basic(':k'),
    'Basic %',
    'Basic /w==',
    authorization,
  ])
    expect((await login(none)).status).toBe(401)
  keys.regenerate('a')
  expect((await read()).status).toBe(403)
})
