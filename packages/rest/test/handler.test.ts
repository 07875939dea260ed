import {
  type ContextStore,
  CorruptDataError,
  type StoreOptions,
  UnauthorizedError,
  UnsupportedError,
} from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { createHandler, type HandlerOptions, maxBodyBytes } from '@context-store/rest'
import { expect, test, vi } from 'vitest'

const json = { 'content-type': 'application/json' }
const key = { 'maven-api-key': 'any' }

interface Sent {
  readonly method?: string
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream
  readonly headers?: Record<string, string>
}

interface Got {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

function service(options: HandlerOptions = {}, storeOptions: StoreOptions = {}) {
  const store = memoryStore(storeOptions)
  return { store, ...client(store, options) }
}

function client(store: ContextStore, options: HandlerOptions = {}) {
  const handle = createHandler(store, options)
  return {
    async send(path: string, { method = 'GET', body, headers }: Sent = {}): Promise<Got> {
      const init: RequestInit = {
        method,
        headers: headers ?? (body === undefined ? key : { ...key, ...json }),
        ...(body === undefined ? {} : { body, duplex: 'half' as const }),
      }
      const response = await handle(new Request(`http://host${path}`, init))
      const text = await response.text()
      expect(response.headers.get('content-type')).toBe(text === '' ? null : 'application/json')
      return {
        status: response.status,
        body: text === '' ? undefined : JSON.parse(text),
        headers: response.headers,
      }
    },
  }
}

const message = { message: expect.any(String) }

// Rows of docs/rest-contract.md. The store has a namespace `n` with { a: 1, b: null } in `__default__` and in `s`.
const operations = [
  ['POST', '', '{"name":"new"}', 204, undefined],
  ['POST', '', '{"name":"n","more":1}', 204, undefined],
  ['GET', '', undefined, 200, [{ name: 'n', createdAt: '2019-08-02T19:41:52.017Z' }]],
  ['PATCH', '/n/properties', '{"c":{"d":[]}}', 204, undefined],
  ['PATCH', '/n/s/properties', '{"c":null}', 204, undefined],
  ['PATCH', '/new/s/properties', '{}', 204, undefined],
  ['GET', '/n/properties', undefined, 200, { a: 1, b: null }],
  ['GET', '/n/__default__/properties', undefined, 200, { a: 1, b: null }],
  ['GET', '/n/s/properties', undefined, 200, { a: 1, b: null }],
  ['GET', '/n/none/properties', undefined, 200, {}],
  ['GET', '/none/properties', undefined, 404, message],
  ['GET', '/n/properties?include=b,none', undefined, 200, { b: null }],
  ['GET', '/n/s/properties?include=a%2Cb', undefined, 200, { a: 1, b: null }],
  ['GET', '/n/s/properties?include=%61%2C&include=none%2cb', undefined, 200, { a: 1, b: null }],
  ['GET', '/n/s/properties?include=a&x=y&include=b', undefined, 200, { a: 1, b: null }],
  ['GET', '/n/s/properties?include', undefined, 200, {}],
  ['GET', '/n/s/properties?include=', undefined, 200, {}],
  ['GET', '/n/s/properties?include=,,', undefined, 200, {}],
  ['GET', '/n/s/properties?included=a', undefined, 200, { a: 1, b: null }],
  ['GET', '/n/s/properties?%69nclude=%61', undefined, 200, { a: 1 }],
  ['GET', '/none/s/properties?include=a', undefined, 404, message],
  ['GET', '/none/s/properties?include=', undefined, 404, message],
  ['GET', '/n/properties/a', undefined, 200, { a: 1 }],
  ['GET', '/n/s/properties/b', undefined, 200, { b: null }],
  ['GET', '/n/s/properties/none', undefined, 404, message],
  ['GET', '/n/s/properties/constructor', undefined, 404, message],
  ['GET', '/none/properties/a', undefined, 404, message],
  ['DELETE', '/n/properties', undefined, 204, undefined],
  ['DELETE', '/n/s/properties', undefined, 204, undefined],
  ['DELETE', '/none/s/properties', undefined, 204, undefined],
  ['DELETE', '/n/properties/a', undefined, 204, undefined],
  ['DELETE', '/n/s/properties/none', undefined, 204, undefined],
  ['DELETE', '/n', undefined, 204, undefined],
  ['DELETE', '/none', undefined, 204, undefined],
] as const

test.each(operations)('%s %s %s is a %i', async (method, path, body, status, expected) => {
  for (const prefix of ['account', 'brand']) {
    for (const slash of ['', '/']) {
      const { store, send } = service({}, { now: () => Date.parse('2019-08-02T19:41:52.017Z') })
      await store.session({ account: 'a', namespace: 'n' }).patch({ a: 1, b: null })
      await store.session({ account: 'a', namespace: 'n', session: 's' }).patch({ a: 1, b: null })
      const [below, query] = path.split('?')
      const target = `/v1/${prefix}/a${below}${slash}${query === undefined ? '' : `?${query}`}`
      const sent = { method, ...(body === undefined ? {} : { body }) }
      expect(await send(target, sent)).toMatchObject({ status, body: expected })
      const { status: unauthorised } = await send(target, { ...sent, headers: json })
      expect(unauthorised).toBe(401)
    }
  }
})

test('the operations change the store', async () => {
  const { store, send } = service()
  const namespace = store.account('a').namespace('n')
  await send('/v1/account/a', { method: 'POST', body: '{"name":"n"}' })
  const createdAt = (await namespace.info())?.createdAt
  expect(createdAt).toBeInstanceOf(Date)
  await send('/v1/account/a', { method: 'POST', body: '{"name":"n"}' })
  expect((await namespace.info())?.createdAt).toEqual(createdAt)

  await send('/v1/account/a/n/s/properties', { method: 'PATCH', body: '{"a":{"x":1},"b":2,"c":3,"c":4}' })
  await send('/v1/account/a/n/s/properties', { method: 'PATCH', body: '{"a":{"y":1},"b":null}' })
  expect(await namespace.session('s').getAll()).toEqual({ a: { y: 1 }, b: null, c: 4 })
  await send('/v1/account/a/n/s/properties', { method: 'PATCH', body: '{}' })
  await send('/v1/account/a/n/properties', { method: 'PATCH', body: '{}' })
  expect(await namespace.session().info()).toBeUndefined()

  await send('/v1/account/a/n/s/properties/a', { method: 'DELETE' })
  expect(await namespace.session('s').getAll()).toEqual({ b: null, c: 4 })
  await send('/v1/account/a/n/s/properties', { method: 'DELETE' })
  expect(await namespace.session('s').info()).toBeUndefined()
  await send('/v1/account/a/n', { method: 'DELETE' })
  expect(await namespace.info()).toBeUndefined()
})

test('empty names in `include` are ignored, even if a property has the empty name', async () => {
  const { send } = service()
  await send('/v1/account/a/n/properties', { method: 'PATCH', body: '{"":0,"b":1}' })
  expect((await send('/v1/account/a/n/properties?include=,b,&include=')).body).toEqual({ b: 1 })
})

test('the properties of a session called `properties` are reached one by one', async () => {
  const { store, send } = service()
  await store.session({ account: 'a', namespace: 'n', session: 'properties' }).patch({ a: 1 })
  await store.session({ account: 'a', namespace: 'n' }).patch({ properties: 2 })
  expect((await send('/v1/account/a/n/properties/properties')).body).toEqual({ properties: 2 })
  expect((await send('/v1/account/a/n/properties/properties/a')).body).toEqual({ a: 1 })
  const patch = await send('/v1/account/a/n/properties/properties', { method: 'PATCH', body: '{}' })
  expect([patch.status, patch.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, DELETE'])
})

test.each([
  ['', ['PUT', 'PATCH', 'DELETE', 'OPTIONS'], 'GET, HEAD, POST'],
  ['/n', ['GET', 'POST', 'PUT'], 'DELETE'],
  ['/n/properties', ['POST', 'PUT'], 'GET, HEAD, PATCH, DELETE'],
  ['/n/s/properties', ['POST', 'QUERY'], 'GET, HEAD, PATCH, DELETE'],
  ['/n/properties/constructor', ['PATCH', 'POST', 'valueOf'], 'GET, HEAD, PUT, DELETE'],
  ['/n/s/properties/a', ['PATCH'], 'GET, HEAD, PUT, DELETE'],
])('%s: the methods %j are a 405 that lists the allowed ones', async (path, methods, allow) => {
  const { send } = service()
  for (const method of methods) {
    const { status, headers } = await send(`/v1/account/a${path}`, { method })
    expect([status, headers.get('allow')]).toEqual([405, allow])
  }
})

test.each([
  '/',
  '/v1',
  '/v1/account',
  '/v1/user/a',
  '/v1/account/a/n/s',
  '/v1/account/a/n/s/t/properties',
  '/v1/account/a//properties',
])('the path %s is a 404', async (path) => {
  expect(await service().send(path)).toMatchObject({ status: 404, body: message })
})

const good = '{"name":"n"}'
test.each([
  ['an array', '[1]', 400],
  ['null', 'null', 400],
  ['a text', '"name"', 400],
  ['an empty body', '', 400],
  ['half an object', '{"name":', 400],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
  ['half a character', new Uint8Array([0x22, 0xc3]), 400],
  ['a number that a double cannot hold', '{"name":1e400}', 400],
  ['a lone surrogate', '{"name":"\\ud800"}', 400],
  ['a lone surrogate in a name', '{"name":"n","\\ud800":1}', 400],
  ['nesting beyond the limit', `{"name":${'['.repeat(101)}${']'.repeat(101)}}`, 400],
  ['nesting without an end', `{"name":${'['.repeat(1_000_000)}`, 400],
  ['deep nesting', `{"name":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`, 400],
  ['more than a session can hold', `{"name":"${'x'.repeat(800_000)}"}`, 413],
  ['a body beyond the limit', `{"name":"${'x'.repeat(maxBodyBytes)}"}`, 413],
  ['a name that is too long', `{"${'x'.repeat(513)}":1}`, 400],
])('a PATCH of %s changes nothing', async (_, body, status) => {
  const { store, send } = service()
  expect(await send('/v1/account/a/n/s/properties', { method: 'PATCH', body })).toMatchObject({
    status,
    body: message,
  })
  expect(await store.account('a').namespace('n').info()).toBeUndefined()
})

test.each([
  '{}',
  '{"name":1}',
  '{"name":null}',
  '{"name":""}',
  '{"name":"\\ud800"}',
  `{"name":"${'x'.repeat(513)}"}`,
  '{"__proto__":{"name":"n"}}',
])('a POST of %s creates nothing', async (body) => {
  const { store, send } = service()
  expect(await send('/v1/account/a', { method: 'POST', body })).toMatchObject({ status: 400, body: message })
  expect(await store.account('a').namespace('n').info()).toBeUndefined()
})

test('values are read as they were written, whatever their names', async () => {
  const { send } = service()
  const body =
    '{"":0,"__proto__":{"__proto__":1},"constructor":null,"toString":[],"n":1e308,"\\u0000":"\\u2028é🙂","a":-0.5}'
  expect((await send('/v1/account/a/n/properties', { method: 'PATCH', body })).status).toBe(204)
  expect((await send('/v1/account/a/n/properties')).body).toEqual(JSON.parse(body))
  expect(Object.keys((await send('/v1/account/a/n/properties/__proto__')).body as object)).toEqual([
    '__proto__',
  ])
})

test.each([
  [{}, 415],
  [{ 'content-type': 'text/plain' }, 415],
  [{ 'content-type': 'application/jsonp' }, 415],
  [{ 'content-type': 'application/json', 'content-encoding': 'gzip' }, 415],
  [{ 'content-type': 'Application/JSON ; charset=utf-8' }, 204],
  [{ 'content-type': 'application/json', 'content-encoding': 'identity' }, 204],
])('a body with %j is a %i', async (headers, status) => {
  const { send } = service()
  const sent = { method: 'POST', body: new TextEncoder().encode(good), headers: { ...key, ...headers } }
  expect((await send('/v1/account/a', sent)).status).toBe(status)
})

test('the content-type of a request without a body is ignored', async () => {
  const { send } = service()
  const headers = { ...key, 'content-type': 'text/plain' }
  expect((await send('/v1/account/a', { headers })).status).toBe(200)
  expect((await send('/v1/account/a/n', { method: 'DELETE', headers })).status).toBe(204)
})

test('the checks are made in the order of the contract', async () => {
  const { store, send } = service({ keys: 'secret' }, { namespaces: 'explicit' })
  const right = { 'maven-api-key': 'secret' }
  const stated = { 'content-length': String(maxBodyBytes + 1) }
  const body = 'no json'
  const sent = (path: string, method: string, headers: Record<string, string>, text = body) =>
    send(path, { method, headers, body: new TextEncoder().encode(text) }).then(({ status }) => status)

  expect(await sent('/nowhere', 'PATCH', { ...stated })).toBe(401)
  expect(await sent('/nowhere', 'PATCH', { 'maven-api-key': '' })).toBe(401)
  expect(await sent('/nowhere', 'PATCH', { 'maven-api-key': 'wrong' })).toBe(403)
  expect(await sent('/v1/account/%ff/n/nowhere', 'PATCH', right)).toBe(404)
  expect(await sent('/v1/account/%ff/n', 'PATCH', right)).toBe(405)
  expect(await sent('/v1/account/%ff/n/properties', 'PATCH', { ...right, ...stated })).toBe(413)
  expect(await sent('/v1/account/%ff/n/properties', 'PATCH', right)).toBe(415)
  expect(await sent('/v1/account/%ff/n/properties', 'PATCH', { ...right, ...json })).toBe(400)
  expect(await sent('/v1/account/a/n/%ff/properties', 'PATCH', { ...right, ...json }, '{}')).toBe(400)
  expect(await sent('/v1/account/a/n/properties?%ff', 'PATCH', { ...right, ...json }, '{}')).toBe(400)
  expect(await sent('/v1/account/a/n/properties', 'PATCH', { ...right, ...json })).toBe(400)
  expect(await sent('/v1/account/a/n/properties', 'PATCH', { ...right, ...json }, '{"a":1e400}')).toBe(400)
  expect(await sent('/v1/account/a/n/properties', 'PATCH', { ...right, ...json }, '{"a":1}')).toBe(404)
  await store.account('a').namespace('n').create()
  expect(await sent('/v1/account/a/n/properties', 'PATCH', { ...right, ...json }, '{"a":1}')).toBe(204)
})

test('a body of unknown length is read up to the limit and no further', async () => {
  const { send } = service()
  let pulled = 0
  const cancelled = vi.fn()
  const endless = new ReadableStream({
    pull(controller) {
      pulled += 100_000
      controller.enqueue(new Uint8Array(100_000))
    },
    cancel: cancelled,
  })
  const headers = { ...key, 'content-type': 'text/plain' }
  expect((await send('/v1/account/a', { method: 'POST', body: endless, headers })).status).toBe(413)
  expect(pulled).toBeLessThan(2 * maxBodyBytes)
  expect(cancelled).toHaveBeenCalledOnce()
})

test('a body may arrive in pieces; if it breaks off, it is a 400', async () => {
  const { store, send } = service()
  const bytes = new TextEncoder().encode('{"name":"né🙂"}')
  const pieces = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  expect((await send('/v1/account/a', { method: 'POST', body: pieces })).status).toBe(204)
  expect(await store.account('a').namespace('né🙂').info()).toBeDefined()

  for (const more of [{}, { 'content-length': '10' }]) {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
    const headers = { ...key, ...json, ...more }
    expect((await send('/v1/account/a', { method: 'POST', body: broken, headers })).status).toBe(400)
  }
})

test('`keys`: any key, one key for all accounts, or one for each', async () => {
  const statusOf = async (options: HandlerOptions, given: string, path = '/v1/account/a') =>
    (await service(options).send(path, { headers: { 'maven-api-key': given } })).status
  expect(await statusOf({}, 'x')).toBe(200)
  expect(await statusOf({}, ' ')).toBe(401)
  expect(await statusOf({ keys: 'x y' }, ' x y ')).toBe(200)
  for (const wrong of ['x', 'x yx y', 'x z', 'X Y']) expect(await statusOf({ keys: 'x y' }, wrong)).toBe(403)
  const keys = { a: 'x', ['__proto__']: 'p' }
  expect(await statusOf({ keys }, 'x')).toBe(200)
  expect(await statusOf({ keys }, 'p')).toBe(403)
  expect(await statusOf({ keys }, 'p', '/v1/account/__proto__')).toBe(200)
  expect(await statusOf({ keys }, 'x', '/v1/account/b')).toBe(403)
  expect(await statusOf({ keys }, 'x', '/v1/account/constructor')).toBe(403)
  expect(await statusOf({ keys }, 'x', '/v1/account/%ff')).toBe(403)
  expect(await statusOf({ keys }, 'x', '/nowhere')).toBe(404)
})

test('`cors`: a preflight request needs no key, and every answer has the origin', async () => {
  const { send } = service({ cors: 'https://shop.example', keys: 'secret' })
  const asked = await send('/v1/account/a/n/properties', {
    method: 'OPTIONS',
    headers: { origin: 'https://shop.example', 'access-control-request-method': 'PATCH' },
  })
  expect(asked.status).toBe(204)
  expect(Object.fromEntries(asked.headers)).toMatchObject({
    'access-control-allow-origin': 'https://shop.example',
    'access-control-allow-methods': 'GET, HEAD, POST, DELETE, PATCH, PUT',
    'access-control-allow-headers': 'authorization, content-type, maven-api-key, x-request-id',
    vary: 'origin',
  })
  for (const headers of [{}, { 'maven-api-key': 'secret' }]) {
    const answer = await send('/v1/account/a', { headers })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    expect(answer.headers.get('access-control-expose-headers')).toBe('allow')
  }
  expect((await send('/v1/account/a', { method: 'OPTIONS', headers: {} })).status).toBe(401)

  const closed = await service().send('/v1/account/a', {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'PATCH' },
  })
  expect([closed.status, closed.headers.get('access-control-allow-origin')]).toEqual([401, null])
  const any = await service({ cors: '*' }).send('/v1/account/a')
  expect([any.headers.get('access-control-allow-origin'), any.headers.get('vary')]).toEqual(['*', null])
})

test.each([
  { profile: '2020' },
  { profile: 'constructor' },
  { keys: '' },
  { keys: 'schlüssel' },
  { keys: { a: 1 } },
  { keys: 1 },
  { cors: 'shop.example' },
  { cors: 'https://shop.example/' },
])('`createHandler` refuses the options %j', (options) => {
  expect(() => createHandler(memoryStore(), options as HandlerOptions)).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  )
})

test('with explicit namespaces, reads and patches of a missing one are a 404', async () => {
  const { send } = service({}, { namespaces: 'explicit' })
  const base = '/v1/account/a/n/s/properties'
  expect((await send(base, { method: 'PATCH', body: '{}' })).status).toBe(404)
  for (const path of [base, `${base}?include=a`, `${base}?include=`, `${base}/a`]) {
    expect((await send(path)).status).toBe(404)
  }
  for (const path of [base, `${base}/a`, '/v1/account/a/n']) {
    expect((await send(path, { method: 'DELETE' })).status).toBe(204)
  }
})

test('an error of the store has its status and message, any other is a 500 without details', async () => {
  const closed = memoryStore()
  await closed.close()
  expect(await client(closed).send('/v1/account/a/n/properties')).toMatchObject({
    status: 503,
    body: message,
  })

  const logged = vi.spyOn(console, 'error').mockReturnValue()
  const broken = (error: Error): ContextStore => {
    const store = memoryStore()
    vi.spyOn(store, 'account').mockImplementation(() => {
      throw error
    })
    return store
  }
  for (const [error, status] of [
    [new CorruptDataError('damaged'), 500],
    [new UnauthorizedError('refused'), 500],
    [new UnsupportedError('cannot'), 501],
  ] as const) {
    const got = await client(broken(error)).send('/v1/account/a')
    expect(got).toMatchObject({ status, body: { message: error.message } })
  }
  expect(logged).not.toHaveBeenCalled()
  const defect = new Error('the secret is 42')
  const got = await client(broken(defect)).send('/v1/account/a')
  expect(got.status).toBe(500)
  expect(JSON.stringify(got.body)).not.toContain('42')
  expect(logged).toHaveBeenCalledExactlyOnceWith(defect)
  logged.mockRestore()
})

test('64 concurrent patches of different properties are all applied', async () => {
  const { send } = service()
  await Promise.all(
    Array.from({ length: 64 }, (_, i) =>
      send('/v1/account/a/n/s/properties', { method: 'PATCH', body: `{"p${i}":${i}}` }),
    ),
  )
  expect(Object.keys((await send('/v1/account/a/n/s/properties')).body as object)).toHaveLength(64)
})

test.each([
  [100_000, 65_536, 600_000],
  [10, 0, 65_536],
  [1_000_000, 4_800_000, 6_000_000],
])(
  'the limit of a body follows the limit of the store: %i characters',
  async (documentLength, fits, most) => {
    const handle = createHandler(memoryStore({ limits: { documentLength } }))
    const send = (bytes: number) => {
      const name = JSON.stringify({ name: 'n' })
      const headers = { 'maven-api-key': 'any', 'content-type': 'application/json' }
      const body = name + ' '.repeat(bytes - name.length)
      return handle(new Request('http://h/v1/account/a', { method: 'POST', headers, body }))
    }
    expect((await send(fits + 12)).status).toBe(204)
    expect((await send(most)).status).toBe(204)
    expect((await send(most + 1)).status).toBe(413)
  },
)

test.each([
  ['an environment, as Workers pass', { KV: {} }],
  ['the connection, as Deno passes', { remoteAddr: { port: 1 } }],
  ['null', null],
  ['a number, as Array.map passes', 0],
])('`handle` ignores a second argument that is not a string: %s', async (_what, second) => {
  const handle = createHandler(memoryStore())
  const request = new Request('http://host/v1/account/1', { headers: key })
  expect((await handle(request, second)).status).toBe(200)
})
