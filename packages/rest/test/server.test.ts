import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ContextStore } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { maxBodyBytes } from '@context-store/rest'
import { type ContextServer, type ServeOptions, serve } from '@context-store/rest/node'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'

const servers: ContextServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(options: Partial<ServeOptions> = {}): Promise<ContextServer & { store: ContextStore }> {
  const store = options.store ?? memoryStore()
  const server = await serve({ ...options, store })
  servers.push(server)
  return { ...server, store }
}

function dial(server: ContextServer): Socket {
  const { port, hostname } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  // A server may end an answered connection while bytes are still on their way to it.
  socket.on('error', () => undefined)
  return socket
}

/** All that the server sends until it ends the connection. */
async function hear(socket: Socket): Promise<string> {
  let heard = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text
  })
  if (!socket.closed) await once(socket, 'close')
  return heard
}

/** Sends bytes, and returns the statuses and the last body of the answers. */
async function raw(server: ContextServer, bytes: string | Uint8Array) {
  const socket = dial(server)
  socket.write(bytes)
  return answersIn(await hear(socket))
}

function answersIn(heard: string) {
  const statuses = Array.from(heard.matchAll(/^HTTP\/1\.1 (\d{3}) /gm), ([, status]) => Number(status))
  const body = heard.slice(heard.lastIndexOf('\r\n\r\n') + 4)
  return { statuses, body: body === '' ? undefined : JSON.parse(body) }
}

function signal() {
  let resolve = () => {}
  const promise = new Promise<void>((give) => {
    resolve = give
  })
  return { promise, resolve: () => resolve() }
}

const head = 'host: h\r\nmaven-api-key: any\r\n'
const last = `${head}connection: close\r\n`
const patchHead = (path: string, rest: string) =>
  `PATCH /v1/account/a/${path} HTTP/1.1\r\ncontent-type: application/json\r\n${rest}\r\n`
const headers = { 'maven-api-key': 'any', 'content-type': 'application/json' }
const message = { message: expect.any(String) }

test.each(['%2e%2e', '..', '%2E', '.', 'a%2Fb', '%252e', '%25', 'caf%C3%A9', '{x}', '%00', '"<>|^`'])(
  'the server takes an id as it was sent: %j',
  async (part) => {
    const server = await start()
    const body = '{"a":1}'
    const patch = `${patchHead(`n/${part}/properties`, `${last}content-length: ${body.length}\r\n`)}${body}`
    expect(await raw(server, Buffer.from(patch, 'latin1'))).toMatchObject({ statuses: [204] })
    const session = decodeURIComponent(part)
    expect(await server.store.session({ account: 'a', namespace: 'n', session }).getAll()).toEqual({ a: 1 })
  },
)

test.each([
  ['GET /v1/account/%ff', 400],
  ['GET /v1/account/%', 400],
  ['GET /v1/account/\xff', 400],
  ['GET /v1/account/a?include=%', 400],
  ['GET /v1/account/a#b', 400],
  ['GET /v1/account/a\\b', 400],
  ['GET http://elsewhere/v1/account/a', 200],
  ['GET http://[/v1/account/a', 400],
  ['OPTIONS *', 400],
  ['GET //elsewhere/v1/account/a', 404],
  ['GET /nowhere', 404],
  ['TRACE /v1/account/a', 405],
  ['PUT /v1/account/a', 405],
])('%j is a %i, as JSON', async (line, status) => {
  const answer = await raw(await start(), Buffer.from(`${line} HTTP/1.1\r\n${last}\r\n`, 'latin1'))
  expect(answer.statuses).toEqual([status])
  expect(answer.body).toEqual(status === 200 ? [] : message)
})

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['no host', 'GET /v1/account/a HTTP/1.1\r\nmaven-api-key: any\r\nconnection: close\r\n\r\n', 400],
  ['no host, as HTTP/1.0 may', 'GET /v1/account/a HTTP/1.0\r\nmaven-api-key: any\r\n\r\n', 200],
  ['an invalid host', 'GET /v1/account/a HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n', 400],
  ['headers too long', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['an expectation', `GET /v1/account/a HTTP/1.1\r\nexpect: wonders\r\n${last}\r\n`, 200],
  ['two lengths', patchHead('n/properties', `${head}content-length: 1\r\ncontent-length: 2\r\n`), 400],
  [
    'a length and chunks',
    patchHead('n/properties', `${head}content-length: 1\r\ntransfer-encoding: chunked\r\n`),
    400,
  ],
  ['invalid chunks', `${patchHead('n/properties', `${head}transfer-encoding: chunked\r\n`)}zz\r\n`, 400],
  [
    'a length that is too long',
    patchHead('n/properties', `${last}content-length: ${maxBodyBytes + 1}\r\n`),
    413,
  ],
])('the server answers %s as JSON', async (_, bytes, status) => {
  const answer = await raw(await start(), bytes)
  expect(answer.statuses).toEqual([status])
  expect(answer.body).toEqual(status === 200 ? [] : message)
})

test('a chunked body beyond the limit is a 413, and the next client is served', async () => {
  const server = await start()
  const socket = dial(server)
  socket.write(patchHead('n/properties', `${last}transfer-encoding: chunked\r\n`))
  const piece = `${(100_000).toString(16)}\r\n${'x'.repeat(100_000)}\r\n`
  for (let sent = 0; sent <= maxBodyBytes; sent += 100_000) socket.write(piece)
  expect(answersIn(await hear(socket))).toEqual({ statuses: [413], body: message })
  expect((await fetch(`${server.url}/v1/account/a`, { headers })).status).toBe(200)
})

test('pipelined requests are answered in order', async () => {
  const server = await start()
  const patch = `${patchHead('n/properties', `${head}content-length: 7\r\n`)}{"a":1}`
  const get = `GET /v1/account/a/n/properties HTTP/1.1\r\n${last}\r\n`
  expect(await raw(server, patch + get)).toEqual({ statuses: [204, 200], body: { a: 1 } })
})

test('HEAD is answered like GET, without the body, and the connection stays open', async () => {
  const server = await start()
  const heads = ['v1/account/a', 'v1/account/a/none/properties', 'v1/account/a/n'].map(
    (path) => `HEAD /${path} HTTP/1.1\r\n${head}\r\n`,
  )
  const get = `GET /v1/account/a HTTP/1.1\r\n${last}\r\n`
  expect(await raw(server, heads.join('') + get)).toEqual({ statuses: [200, 404, 405, 200], body: [] })
  const answer = await fetch(`${server.url}/v1/account/a`, { method: 'HEAD', headers })
  expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '2', ''])
})

test('clients that send too slowly get a 408, and do not block others', async () => {
  const server = await start({ requestTimeoutMs: 300 })
  const slow = [
    'PATCH /v1/acc',
    `GET /v1/account/a HTTP/1.1\r\nhost: h\r\n`,
    `${patchHead('n/properties', `${head}content-length: 7\r\n`)}{"a`,
    `${patchHead('n/properties', `${head}transfer-encoding: chunked\r\n`)}3\r\n{"a\r\n`,
  ].map((bytes) => raw(server, bytes))
  expect((await fetch(`${server.url}/v1/account/a`, { headers })).status).toBe(200)
  for (const answer of await Promise.all(slow)) expect(answer).toEqual({ statuses: [408], body: message })
  expect(await server.store.account('a').namespace('n').info()).toBeUndefined()
})

test('clients that leave early change nothing and do not disturb others', async () => {
  const server = await start()
  const logged = vi.spyOn(console, 'error')
  for (const bytes of [
    '',
    'PATCH /v1',
    `${patchHead('n/properties', `${head}content-length: 7\r\n`)}{"a`,
    `${patchHead('n/properties', `${head}transfer-encoding: chunked\r\n`)}3\r\n{"a\r\n`,
  ]) {
    for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const socket = dial(server)
      await once(socket, 'connect')
      await new Promise((resolve) => socket.write(bytes, resolve))
      socket[leave]()
      if (leave === 'end') await hear(socket)
    }
  }
  expect((await fetch(`${server.url}/v1/account/a`, { headers })).status).toBe(200)
  expect(await server.store.account('a').namespace('n').info()).toBeUndefined()
  expect(logged).not.toHaveBeenCalled()
  logged.mockRestore()
})

test('64 concurrent patches of different properties are all applied', async () => {
  const server = await start()
  const url = `${server.url}/v1/account/a/n/s/properties`
  const statuses = await Promise.all(
    Array.from({ length: 64 }, async (_, i) => {
      const answer = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify({ [`p${i}`]: i }) })
      return answer.status
    }),
  )
  expect(new Set(statuses)).toEqual(new Set([204]))
  const expected = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`p${i}`, i]))
  expect(await (await fetch(url, { headers })).json()).toEqual(expected)
})

test('random bytes never cause a 5xx, and never keep a connection open', async () => {
  const server = await start()
  const logged = vi.spyOn(console, 'error')
  const target = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => `/v1/account/a/${text}`)
  const line = fc
    .tuple(fc.constantFrom('GET', 'PATCH', 'POST', 'DELETE', 'PUT', 'CONNECT', 'QUERY', 'x'), target)
    .map(([method, path]) => `${method} ${path} HTTP/1.1\r\n`)
  const field = fc.oneof(
    fc.constantFrom(
      ...head.split('\r\n').map((text) => `${text}\r\n`),
      'connection: upgrade\r\nupgrade: x\r\n',
    ),
    fc.constantFrom('content-length: 5\r\n', 'transfer-encoding: chunked\r\n', 'expect: 100-continue\r\n'),
    fc.constantFrom('content-type: application/json\r\n', 'content-length: -1\r\n'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  const request = fc
    .tuple(line, fc.array(field, { maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 20 }))
    .map(([start, fields, rest]) => Buffer.from(`${start}${head}${fields.join('')}\r\n${rest}`, 'latin1'))
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), request, request)
  await fc.assert(
    fc.asyncProperty(bytes, async (sent) => {
      const socket = dial(server)
      socket.end(sent)
      const heard = await hear(socket)
      for (const status of answersIn(heard.replace(/\r\n\r\n[\s\S]*/, '\r\n\r\n')).statuses) {
        expect(status).toBeLessThan(500)
      }
    }),
    { numRuns: 300 },
  )
  expect(logged).not.toHaveBeenCalled()
  logged.mockRestore()
  expect((await fetch(`${server.url}/v1/account/a`, { headers })).status).toBe(200)
})

/** A server with a request that runs until it is released. */
async function startWithRunning() {
  const entered = signal()
  const gate = signal()
  const store = memoryStore()
  const { account } = store
  vi.spyOn(store, 'account').mockImplementation((id) => ({
    id,
    namespace: (name) => account.call(store, id).namespace(name),
    async *namespaces() {
      entered.resolve()
      await gate.promise
      yield* account.call(store, id).namespaces()
    },
  }))
  const server = await start({ store })
  const running = fetch(`${server.url}/v1/account/other`, { headers })
  await entered.promise
  return { server, running, release: gate.resolve }
}

// The running request shows that the other connections end at once: after the grace period everything ends.

test('`close` ends idle connections and incomplete requests, waits for running ones, and leaves the store open', async () => {
  const { server, running, release } = await startWithRunning()
  const idle = dial(server)
  const half = dial(server)
  const body = dial(server)
  await Promise.all([once(idle, 'connect'), once(half, 'connect')])
  half.write('GET /v1')
  body.write(`${patchHead('n/properties', `${head}content-length: 7\r\nexpect: 100-continue\r\n`)}{"a`)
  await once(body, 'data')

  const closed = server.close()
  expect(server.close()).toBe(closed)
  await Promise.all([hear(idle), hear(half), hear(body)])
  await expect(fetch(`${server.url}/v1/account/a`, { headers })).rejects.toThrow()
  release()
  expect(await (await running).json()).toEqual([])
  await closed
  await expect(server.store.ready()).resolves.toBeUndefined()
})

test('`close` waits for answers that are being sent, and then ends their connections', async () => {
  const { server, running, release } = await startWithRunning()
  await server.store.session({ account: 'a', namespace: 'n' }).patch({ long: 'x'.repeat(700_000) })
  const socket = dial(server)
  const count = 40
  socket.write(`GET /v1/account/a/n/properties HTTP/1.1\r\n${head}\r\n`.repeat(count))
  // Far more than the buffers of two sockets hold: most of it is still in the server.
  await once(socket, 'readable')
  const closed = server.close()
  const { statuses } = answersIn((await hear(socket)).replaceAll(/\r\n\r\n\{[^}]*\}/g, '\r\n\r\n'))
  expect(statuses).toEqual(Array.from({ length: count }, () => 200))
  release()
  expect(await (await running).json()).toEqual([])
  await closed
})

test('`serve` rejects for a port in use, a host that it cannot listen on, and invalid options', async () => {
  const { url, store } = await start()
  await expect(serve({ store, port: Number(new URL(url).port) })).rejects.toMatchObject({
    code: 'unavailable',
  })
  await expect(serve({ store, host: '192.0.2.1' })).rejects.toMatchObject({ code: 'unavailable' })
  for (const options of [
    { port: -1 },
    { port: 65_536 },
    { port: 0.5 },
    { host: '' },
    { requestTimeoutMs: 0 },
  ]) {
    await expect(serve({ store, ...options })).rejects.toMatchObject({ code: 'invalid-option' })
  }
})

test('`serve` listens only on this machine by default, and its URL works on this machine', async () => {
  expect((await start()).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  const open = await start({ host: '0.0.0.0' })
  expect(open.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect((await fetch(`${open.url}/v1/account/a`, { headers })).status).toBe(200)
})
