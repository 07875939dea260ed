import { once } from 'node:events'
import { connect } from 'node:net'
import type { ContextStore } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { createHandler, type Profile } from '@context-store/rest'
import { serve } from '@context-store/rest/node'
import { startContextService } from '@context-store/rest/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

// Random requests, with the key of one account or none, must not cause a 5xx or a hang, and must not read or change data
// of the other account.

const keys = { mine: 'my-key', other: 'other-key' }
const secret = 'kept-by-the-other'

const logged = vi.spyOn(console, 'error').mockReturnValue()
beforeEach(() => void logged.mockClear())
afterEach(() => expect(logged).not.toHaveBeenCalled())

async function seeded<S extends ContextStore>(store: S): Promise<S> {
  for (const account of ['mine', 'other']) {
    for (const session of ['__default__', 's', secret]) {
      const held = account === 'other' ? secret : 1
      await store.session({ account, namespace: 'n', session }).patch({ a: held }, { ttlSeconds: 1000 })
    }
  }
  return store
}

/** All data of the other account, and the list of accounts, in which there must be no third one. */
async function untouched(store: ContextStore): Promise<unknown> {
  const accounts = []
  for await (const id of store.accounts()) if (id !== 'mine') accounts.push(id)
  const found: unknown[] = [accounts]
  for await (const namespace of store.account('other').namespaces()) {
    found.push(namespace)
    for await (const info of store.account('other').namespace(namespace.name).sessions()) {
      found.push(info, await store.account('other').namespace(namespace.name).session(info.id).getAll())
    }
  }
  return found
}

const method = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('HEAD', 'OPTIONS', 'QUERY', 'get', 'CONNECTED', 'valueOf', '__proto__'),
  },
)
const word = fc.constantFrom(
  'n',
  's',
  'a',
  'properties',
  'session',
  'session-ids',
  'session-properties',
  'namespace',
)
const odd = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '%2e%2e',
    '%2f',
    'mine%2F..%2Fother',
    '%',
    '%ff',
    '%00',
    '#',
    'é',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const part = fc.oneof({ weight: 5, arbitrary: word }, { weight: 1, arbitrary: odd })
const account = fc.constantFrom(
  'mine',
  'mine',
  'mine',
  'other',
  '%6fther',
  'Other',
  'mine%2f..%2fother',
  '..',
)
const below = fc.oneof(
  fc.array(part, { maxLength: 5 }),
  // Existing paths, so that the operations are reached too.
  fc
    .tuple(
      fc.constantFrom('', 'N', 'N/P', 'N/S/P', 'N/P/X', 'N/S/P/X', 'N/session-ids', 'N/session-properties'),
      fc.constantFrom('', 'namespace/N/session', 'namespace/N/session/S'),
      part,
    )
    .map(([usual, later, odd]) =>
      (later === '' ? usual : later)
        .replace('N', () => 'n')
        .replace('S', () => 's')
        .replace('P', () => 'properties')
        .replace('X', () => odd)
        .split('/'),
    ),
)
const v1 = fc
  .tuple(fc.constantFrom('account', 'brand'), account, below)
  .map(([prefix, id, parts]) => `/v1/${[prefix, id, ...parts].join('/')}`)
const v2 = fc.oneof(
  fc
    .constantFrom('create', 'properties', 'delete', 'property/delete')
    .map((path) => `/v2/context/document/${path}`),
  fc
    .tuple(account, fc.array(part, { maxLength: 3 }))
    .map(([id, parts]) => `/v2/context/document/${[id, ...parts].join('/')}`),
)
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.array(part, { maxLength: 7 }).map((parts) => `/${parts.join('/')}`),
)
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc.constantFrom(
    '?include=a,b',
    '?page=0&perPage=2',
    '?ttlSecond=5',
    '?access_token=my-key',
    '?',
    '?%ff',
    '?&&=,',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => `?${text}`),
)
const target = fc
  .tuple(fc.oneof({ weight: 5, arbitrary: v1 }, { weight: 4, arbitrary: v2 }, anything), query)
  .map(([path, more]) => path + more)

const document = fc.record(
  {
    accountId: fc.constantFrom<unknown>('mine', 'mine', 'other', 'Other', '', 1, null, ['other'], {
      toString: 'other',
    }),
    nameSpace: fc.constantFrom<unknown>('n', 'n', 'new', 'n-n', '', 1),
    sessionId: fc.constantFrom<unknown>('s', secret, '', null),
    payload: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
    filter: fc.oneof(fc.array(fc.constantFrom('n.a', 'other.a', 'n.')), fc.jsonValue()),
    propertyToDelete: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
    ttlSeconds: fc.oneof(fc.nat(), fc.jsonValue()),
    name: fc.oneof(fc.string(), fc.jsonValue()),
  },
  { requiredKeys: [] },
)
const text = (value: string) => new TextEncoder().encode(value)
const body = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.json().map(text),
  document.map((value) => text(JSON.stringify(value))),
  fc
    .tuple(fc.constantFrom('mine', 'mine', 'other'), fc.dictionary(fc.string(), fc.jsonValue()))
    .map(([accountId, payload]) => text(JSON.stringify({ accountId, nameSpace: 'n', payload }))),
  fc
    .constantFrom('', '{', '{"a":1e400}', '{"\\ud800":1}', '['.repeat(5000), '{"a":'.repeat(3000), '\ufeff{}')
    .map(text),
)
const headers = fc.record(
  {
    'maven-api-key': fc.constantFrom('my-key', 'my-key', 'my-key', 'other-kez', '', 'my-key\xff'),
    authorization: fc.constantFrom('Bearer my-key', 'Bearer my-key', 'Bearer ', 'Basic my-key', 'my-key'),
    'content-type': fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain', ''),
    'content-encoding': fc.constantFrom('identity', 'gzip'),
    'x-request-id': fc.string({ unit: fc.constantFrom('a', ';', '\xe9'), maxLength: 4 }),
  },
  { requiredKeys: [] },
)
/** Most requests have valid headers, so that the operations are reached too. */
const sentHeaders = fc.oneof(
  fc.constant({
    'maven-api-key': 'my-key',
    authorization: 'Bearer my-key',
    'content-type': 'application/json',
  }),
  headers,
)

test.each(['2019', 'service'] satisfies Profile[])(
  'the handler with profile %s withstands random requests',
  async (profile) => {
    const store = await seeded(memoryStore())
    const handle = createHandler(store, { keys, profile })
    const before = await untouched(store)
    const statuses = new Set<number>()
    await fc.assert(
      fc.asyncProperty(method, target, sentHeaders, body, async (method, target, headers, body) => {
        const bodiless = method === 'GET' || method === 'HEAD' || method === 'get'
        const init = { method, headers, ...(bodiless ? {} : { body: new Uint8Array(body) }) }
        const answer = await handle(new Request('http://host/', init), target)
        const heard = await answer.text()
        statuses.add(answer.status)
        expect(answer.status).toBeLessThan(500)
        if (method === 'HEAD') expect(heard).toBe('')
        else if (answer.status >= 400) expect(JSON.parse(heard)).toEqual({ message: expect.any(String) })
        expect(await untouched(store)).toEqual(before)
        // A request of this test may write the id of the other's session, but no answer may contain its properties.
        const isJson = heard !== '' && answer.headers.get('content-type') === 'application/json'
        expect(isJson ? JSON.parse(heard) : heard).not.toEqual(isJson ? { a: secret } : secret)
        expect(heard).not.toContain(`"a":"${secret}"`)
      }),
      { numRuns: 6000, seed: 20190802 },
    )
    // The requests reached all statuses; otherwise the test would show nothing.
    expect([...statuses]).toEqual(expect.arrayContaining([200, 201, 204, 400, 401, 403, 404, 405, 415]))
  },
)

/** A request as bytes, its body with a length or in chunks. */
const request = fc
  .tuple(method, target, sentHeaders, body, fc.boolean())
  .map(([method, target, headers, body, chunked]) => {
    const fields = Object.entries({ host: 'h', connection: 'close', ...headers })
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const framing = chunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`
    const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}${framing}\r\n\r\n`, 'latin1')
    const piece = body.length === 0 ? [] : [`${body.length.toString(16)}\r\n`, body, '\r\n']
    const chunks = [...piece, '0\r\n\r\n'].map((bytes) => Buffer.from(bytes))
    return Buffer.concat([head, ...(chunked ? chunks : [body])])
  })
const spoilt = fc
  .tuple(request, fc.nat(), fc.uint8Array({ maxLength: 8 }), fc.nat({ max: 8 }))
  .map(([bytes, at, inserted, cut]) => {
    const start = at % bytes.length
    return Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + cut)])
  })

interface Served {
  readonly store: ContextStore
  readonly url: string
  close(): Promise<void>
}
const servers: { readonly [name: string]: () => Promise<Served> } = {
  async 'the server'() {
    const store = memoryStore()
    const server = await serve({ store, keys, requestTimeoutMs: 5_000 })
    return { store, url: server.url, close: () => server.close() }
  },
  'the double': () => startContextService({ keys }),
}

test.each(Object.entries(servers))('%s withstands random bytes on its socket', async (_name, start) => {
  const server = await start()
  const store = await seeded(server.store)
  const { port, hostname } = new URL(server.url)
  const before = await untouched(store)
  try {
    await fc.assert(
      fc.asyncProperty(fc.oneof(request, request, spoilt), fc.boolean(), async (bytes, leaves) => {
        const socket = connect(Number(port), hostname)
        socket.on('error', () => undefined)
        let heard = ''
        socket.setEncoding('latin1').on('data', (text: string) => {
          heard += text
        })
        // `end` tells the server that no more bytes follow, even if the request is incomplete.
        socket.end(bytes)
        if (leaves) socket.once('data', () => socket.destroy())
        await once(socket, 'close')
        for (const [, status] of heard.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
          expect(Number(status)).toBeLessThan(500)
        }
        expect(heard).not.toContain(`"a":"${secret}"`)
      }),
      { numRuns: 1500, seed: 20190802 },
    )
    expect(await untouched(store)).toEqual(before)
    const answer = await fetch(`${server.url}/v1/account/mine`, { headers: { 'maven-api-key': 'my-key' } })
    expect(answer.status).toBe(200)
  } finally {
    await server.close()
  }
})
