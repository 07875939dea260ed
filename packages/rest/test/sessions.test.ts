import { memoryStore } from '@context-store/memory'
import { describe, expect, test } from 'vitest'
import { counted } from './counted-store.ts'
import { handlerClient } from './handler-client.ts'

async function service(count: number) {
  const store = memoryStore()
  const namespace = store.account('a').namespace('n')
  for (let i = 0; i < count; i++) await namespace.session(`s${i}`).patch({ i })
  return { store, namespace, send: handlerClient(store) }
}

test('pages have the requested size, and together they list every session once', async () => {
  const { namespace, send } = await service(250)
  const listed: string[] = []
  for await (const { id } of namespace.sessions()) listed.push(id)
  for (const [query, sizes] of [
    ['', [100, 100, 50, 0]],
    ['&perPage=120', [120, 120, 10, 0]],
    ['&perPage=125', [125, 125, 0]],
    ['&perPage=1000', [250, 0]],
  ] as const) {
    const found: string[] = []
    for (const [page, size] of sizes.entries()) {
      const { status, body } = await send('GET', `/v1/account/a/n/session-ids?page=${page}${query}`)
      expect([status, body]).toEqual([200, expect.any(Array)])
      expect(body).toHaveLength(size)
      found.push(...(body as string[]))
    }
    expect(found).toEqual(listed)
  }
  const { body } = await send('GET', '/v1/account/a/n/session-properties?page=83&perPage=3')
  expect(body).toEqual([{ sessionId: 's249', property: { i: 249 } }])
  const far = await send('GET', '/v1/account/a/n/session-ids?page=999999999999999&perPage=1000')
  expect([far.status, far.body]).toEqual([200, []])
})

describe('the store calls for one page', () => {
  const answer = async (count: number, path: string) => {
    const { store } = await service(count)
    const { store: watched, calls } = counted(store)
    const { body } = await handlerClient(watched)('GET', `/v1/account/a/n/${path}`)
    return { body, calls }
  }

  test.each(['session-ids', 'session-properties'])(
    '%s reads once, however many sessions the page has',
    async (path) => {
      const { body, calls } = await answer(250, `${path}?perPage=1000`)
      expect(body).toHaveLength(250)
      expect(calls.map(([name]) => name)).toEqual(['listSessions'])
    },
  )

  test('session-properties reads again if large properties end a page of the store early', async () => {
    const { namespace, store } = await service(0)
    for (let i = 0; i < 8; i++) await namespace.session(`s${i}`).patch({ text: 'x'.repeat(799_000) })
    const { store: watched, calls } = counted(store)
    const { body } = await handlerClient(watched)('GET', '/v1/account/a/n/session-properties')
    expect(body).toHaveLength(8)
    expect(calls.map(([name]) => name)).toEqual(['listSessions', 'listSessions'])
  })

  test('session-properties refuses a page that is too long, and says what to do', async () => {
    const { namespace, store } = await service(0)
    for (let i = 0; i < 130; i++) await namespace.session(`s${i}`).patch({ text: 'x'.repeat(799_000) })
    const send = handlerClient(store)
    const { status, body } = await send('GET', '/v1/account/a/n/session-properties?perPage=1000')
    expect([status, body]).toEqual([400, { message: expect.stringContaining('perPage') }])
    expect((await send('GET', '/v1/account/a/n/session-properties?page=1&perPage=100')).body).toHaveLength(30)
  })

  test('sessions before the page are read without properties, 1,000 at a time, and none after it', async () => {
    const { body, calls } = await answer(4000, 'session-properties?page=1000&perPage=3')
    expect(body).toEqual([3000, 3001, 3002].map((i) => ({ sessionId: `s${i}`, property: { i } })))
    expect(calls.map(([name, options]) => [name, options])).toEqual([
      ['listSessions', { limit: 1000, cursor: undefined }],
      ['listSessions', { limit: 1000, cursor: expect.any(String) }],
      ['listSessions', { limit: 1000, cursor: expect.any(String) }],
      ['listSessions', { limit: 3, cursor: expect.any(String), properties: true }],
    ])
  })
})

test('a path that fits a property and a session is the property', async () => {
  const { store, send } = await service(0)
  await store.session({ account: 'a', namespace: 'namespace' }).patch({ session: 1 })
  const path = '/v1/account/a/namespace/properties/session'
  expect((await send('GET', path)).body).toEqual({ session: 1 })
  const { status, headers } = await send('POST', path, { body: '{"sessionId":"s"}' })
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, DELETE'])
  expect((await send('GET', '/v1/account/a/namespace/session-ids')).body).toEqual(['__default__'])
})

test('PUT writes one property, whatever its name and value', async () => {
  const { store, send } = await service(1)
  const session = store.session({ account: 'a', namespace: 'n', session: 's0' })
  for (const [name, body] of [
    ['i', '[{"deep":[]}]'],
    ['__proto__', 'null'],
    ['a%2Fb', '"text"'],
    ['a,b', '-0.5'],
    ['constructor', 'false'],
  ] as const) {
    expect((await send('PUT', `/v1/account/a/n/s0/properties/${name}`, { body })).status).toBe(204)
    expect(await session.get(decodeURIComponent(name))).toEqual(JSON.parse(body))
  }
  expect(Object.keys(await session.getAll())).toHaveLength(5)
  for (const body of ['1e400', `${'['.repeat(101)}${']'.repeat(101)}`, '"\\ud800"']) {
    expect((await send('PUT', '/v1/account/a/n/s0/properties/i', { body })).status).toBe(400)
  }
  expect(await session.get('i')).toEqual([{ deep: [] }])
})

test('a session that would be too large is a 413 with the message of the contract, and nothing is written', async () => {
  const { store, send } = await service(0)
  const session = store.session({ account: 'a', namespace: 'n', session: 's' })
  const room = 800_000 - '{"a":"","b":""}'.length
  await session.patch({ a: 'é'.repeat(room) })
  const refused = { status: 413, body: { message: 'document too large' } }
  const address = { accountId: 'a', nameSpace: 'n', sessionId: 's' }
  const write = (b: string) => [
    send('PATCH', '/v1/account/a/n/s/properties', { body: JSON.stringify({ b, c: 1 }) }),
    send('PUT', '/v1/account/a/n/s/properties/b', { body: JSON.stringify(`${b}x`) }),
    send('POST', '/v2/context/document/create', {
      body: JSON.stringify({ ...address, payload: { b: `${b}x` } }),
    }),
  ]
  for (const answer of write('')) expect(await answer).toMatchObject(refused)
  expect(Object.keys(await session.getAll())).toEqual(['a'])
  expect((await send('PUT', '/v1/account/a/n/s/properties/b', { body: '""' })).status).toBe(204)
})

test('requests in the form of the vendor’s client are served', async () => {
  const { store, send } = await service(2)
  // Trailing slashes, a content-type without a body, a request id, session ids without percent-encoding.
  const headers = { 'maven-api-key': 'k', 'content-type': 'application/json', 'X-REQUEST-ID': 'a-b' }
  expect((await send('GET', '/v1/account/a/n/s0/properties/', { headers })).body).toEqual({ i: 0 })
  expect((await send('DELETE', '/v1/account/a/n/s0/properties/', { headers })).status).toBe(204)
  expect((await send('DELETE', '/v1/account/a/n/s1/properties/i', { headers })).status).toBe(204)
  const path = "/v1/account/a/n/user:1@shop;(a)!*'/properties"
  expect((await send('PATCH', path, { headers, body: '{"a":1}' })).status).toBe(204)
  const ids = []
  for await (const { id } of store.account('a').namespace('n').sessions()) ids.push(id)
  expect(ids).toEqual(["user:1@shop;(a)!*'"])
})
