import { memoryStore } from '@context-store/memory'
import { type HandlerOptions, maxBodyBytes, type Profile } from '@context-store/rest'
import document from '@context-store/rest/openapi.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { answerError, documented, requestError } from './description.ts'
import { handlerClient } from './handler-client.ts'

// The whole contract as data: each operation in each profile, with valid, malformed, missing and unauthorised requests.
// The OpenAPI description must have the same operations and statuses, and matching bodies.

const now = Date.parse('2019-08-02T19:41:52.017Z')
const createdAt = new Date(now).toISOString()

/** The store at the start of every row. */
async function seeded(options: HandlerOptions = {}) {
  const store = memoryStore({ now: () => now })
  const namespace = store.account('a').namespace('n')
  await namespace.session().patch({ a: 1, b: null })
  await namespace.session('s').patch({ a: 1, b: null }, { ttlSeconds: 100 })
  return { store, send: handlerClient(store, options) }
}

/** A path and a body; the default of each is that of the row. */
interface Case {
  readonly path?: string
  readonly body?: unknown
  readonly options?: HandlerOptions
}
type Answered = readonly [status: number, body?: unknown]

interface Row {
  /** The operation's id in the description. */
  readonly id: string
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly answers: Answered
  /** The answer in the profile `service`, if it differs. */
  readonly service?: Answered
  /** Requests that are a 400, in addition to those that are a 400 for all operations. */
  readonly malformed?: readonly Case[]
  /** Requests that are a 404. */
  readonly missing?: readonly Case[]
  /** The methods that the path serves. */
  readonly allow: string
  /** Whether the request has the account and its key in `authorization: Basic`. */
  readonly basic?: boolean
}

const done: Answered = [204]
const explicit: HandlerOptions = { createOnPatch: false }
const intoNone = (path: string): Case => ({ path, options: explicit })
const badDocuments: readonly Case[] = [
  { body: { nameSpace: 'n' } },
  { body: { accountId: 1, nameSpace: 'n' } },
  { body: { accountId: 'a' } },
  { body: { accountId: 'a', nameSpace: 'n-n' } },
  { body: { accountId: 'a', nameSpace: 'n', sessionId: 1 } },
  { body: { accountId: 'a', nameSpace: 'n', sessionId: '' } },
]
const changed = { documentKey: 'a:n:s', tenantId: 'a', success: true }
const address = { accountId: 'a', nameSpace: 'n', sessionId: 's' }
const endless = { ...address, payload: {} }

const propertiesRows = (of: string, session: string): readonly Row[] => {
  const path = `/v1/account/a/n${session}/properties`
  const allow = 'GET, HEAD, PATCH, DELETE'
  const none = `/v1/account/a/none${session}/properties`
  return [
    {
      id: `readProperties${of}`,
      method: 'GET',
      path,
      allow,
      answers: [200, { a: 1, b: null }],
      missing: [{ path: none }, { path: `${none}?include=a` }],
    },
    {
      id: `patchProperties${of}`,
      method: 'PATCH',
      path,
      allow,
      body: { c: { d: [] } },
      answers: done,
      malformed: [
        { body: [] },
        { body: 'text' },
        { body: { a: '\ud800' } },
        { body: { ['x'.repeat(513)]: 1 } },
      ],
      missing: [intoNone(none)],
    },
    { id: `deleteProperties${of}`, method: 'DELETE', path, allow, answers: done },
  ]
}

const propertyRows = (of: string, session: string): readonly Row[] => {
  const path = `/v1/account/a/n${session}/properties/a`
  const none = `/v1/account/a/none${session}/properties/a`
  const allow = 'GET, HEAD, PUT, DELETE'
  return [
    {
      id: `readProperty${of}`,
      method: 'GET',
      path,
      allow,
      answers: [200, { a: 1 }],
      service: [200, 1],
      missing: [{ path: none }, { path: `/v1/account/a/n${session}/properties/none` }],
    },
    {
      id: `putProperty${of}`,
      method: 'PUT',
      path,
      allow,
      body: [1, 'x', null],
      answers: done,
      malformed: [{ body: '\ud800' }],
      missing: [intoNone(none)],
    },
    { id: `deleteProperty${of}`, method: 'DELETE', path, allow, answers: done },
  ]
}

const badPages: readonly Case[] = [
  'page=-1',
  'page=x',
  'page=',
  'page=1e3',
  'perPage=0',
  'perPage=1001',
  'perPage=1.5',
].map((query) => ({ path: `?${query}` }))
const badTimes: readonly Case[] = ['-1', '', 'x', '1.5', '10000000001', '9'.repeat(20)].map((text) => ({
  path: `?ttlSecond=${text}`,
}))

const rows: readonly Row[] = [
  {
    id: 'createNamespace',
    method: 'POST',
    path: '/v1/account/a',
    allow: 'GET, HEAD, POST',
    body: { name: 'new', more: 1 },
    answers: done,
    malformed: [...badTimes, { body: {} }, { body: { name: 1 } }, { body: { name: '' } }, { body: [] }],
  },
  {
    id: 'listNamespaces',
    method: 'GET',
    path: '/v1/account/a',
    allow: 'GET, HEAD, POST',
    answers: [200, [{ name: 'n', createdAt }]],
  },
  { id: 'deleteNamespace', method: 'DELETE', path: '/v1/account/a/n', allow: 'DELETE', answers: done },
  ...propertiesRows('OfDefault', ''),
  ...propertiesRows('', '/s'),
  ...propertyRows('OfDefault', ''),
  ...propertyRows('', '/s'),
  {
    id: 'listSessionIds',
    method: 'GET',
    path: '/v1/account/a/n/session-ids',
    allow: 'GET, HEAD',
    answers: [200, ['__default__', 's']],
    malformed: badPages,
    missing: [{ path: '/v1/account/a/none/session-ids' }],
  },
  {
    id: 'listSessionProperties',
    method: 'GET',
    path: '/v1/account/a/n/session-properties',
    allow: 'GET, HEAD',
    answers: [
      200,
      [
        { sessionId: '__default__', property: { a: 1, b: null } },
        { sessionId: 's', property: { a: 1, b: null } },
      ],
    ],
    malformed: badPages,
    missing: [{ path: '/v1/account/a/none/session-properties' }],
  },
  {
    id: 'createSession',
    method: 'POST',
    path: '/v1/account/a/namespace/n/session',
    allow: 'GET, HEAD, POST',
    body: { sessionId: 'new' },
    answers: done,
    malformed: [
      ...badTimes,
      { body: {} },
      { body: { sessionId: 1 } },
      { body: { sessionId: '' } },
      { body: [] },
    ],
    missing: [intoNone('/v1/account/a/namespace/none/session')],
  },
  {
    id: 'listSessions',
    method: 'GET',
    path: '/v1/account/a/namespace/n/session',
    allow: 'GET, HEAD, POST',
    answers: [200, [{ sessionId: 's', createdAt, ttlSecond: 100 }]],
    missing: [{ path: '/v1/account/a/namespace/none/session' }],
  },
  {
    id: 'deleteSession',
    method: 'DELETE',
    path: '/v1/account/a/namespace/n/session/s',
    allow: 'DELETE',
    answers: done,
  },
  {
    id: 'createDocument',
    method: 'POST',
    path: '/v2/context/document/create',
    allow: 'POST',
    body: { ...address, payload: { c: 1 }, ttlSeconds: 60 },
    answers: [201, changed],
    malformed: [
      ...badDocuments,
      { body: address },
      { body: { ...address, payload: [] } },
      { body: { ...endless, ttlSeconds: '1' } },
      { body: { ...endless, ttlSeconds: -1 } },
      { body: { ...endless, ttlSeconds: 1e11 } },
    ],
    missing: [{ options: explicit, body: { ...endless, nameSpace: 'none' } }],
  },
  {
    id: 'readDocumentProperties',
    method: 'POST',
    path: '/v2/context/document/properties',
    allow: 'POST',
    body: { ...address, filter: ['n.a', 'n.none', 'n.b'] },
    answers: [200, { 'n.a': 1, 'n.b': null }],
    malformed: [
      ...badDocuments,
      { body: address },
      { body: { ...address, filter: 'n.a' } },
      { body: { ...address, filter: [1] } },
      { body: { ...address, filter: ['a'] } },
    ],
    missing: [
      { body: { ...address, sessionId: 'none', filter: ['n.a'] } },
      { body: { ...address, nameSpace: 'none', filter: [] } },
    ],
  },
  {
    id: 'deleteDocumentProperties',
    method: 'DELETE',
    path: '/v2/context/document/property/delete',
    allow: 'DELETE',
    body: { ...address, propertyToDelete: ['a', 'none'] },
    answers: [200, changed],
    malformed: [...badDocuments, { body: { ...address, propertyToDelete: 'a' } }],
  },
  {
    id: 'deleteDocument',
    method: 'DELETE',
    path: '/v2/context/document/delete',
    allow: 'DELETE',
    body: address,
    answers: [200, changed],
    malformed: badDocuments,
  },
  {
    id: 'login',
    method: 'GET',
    path: '/v2/authenticate/login',
    allow: 'GET, HEAD',
    basic: true,
    answers: [200, { token: 'right' }],
  },
  ...(['OfDefault', ''] as const).map((of): Row => {
    const session = of === '' ? { sessionId: 's' } : {}
    const ttl = of === '' ? { ttl: new Date(now + 100_000).toISOString() } : {}
    return {
      id: `readDocument${of}`,
      method: 'GET',
      path: `/v2/context/document/a/n${of === '' ? '/s' : ''}`,
      allow: 'GET, HEAD',
      answers: [
        200,
        {
          accountId: 'a',
          documentKey: `a:n:${of === '' ? 's' : ''}`,
          documentType: 'CONTEXT',
          nameSpace: 'n',
          ...session,
          payload: { a: 1, b: null },
          tenantId: 'a',
          ...ttl,
        },
      ],
      malformed: [{ path: '/v2/context/document/a/n-n/s' }],
      missing: [{ path: '/v2/context/document/a/n/none' }, { path: '/v2/context/document/a/none' }],
    }
  }),
]

const profiles: readonly Profile[] = ['2019', 'service']
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'QUERY']
const type = { 'content-type': 'application/json' }
const keys = { a: 'right' }
const headersOf = ({ basic }: Row, key: string) => ({
  ...type,
  'maven-api-key': key,
  authorization: basic ? `Basic ${btoa(`a:${key}`)}` : `Bearer ${key}`,
})
const right = { ...type, 'maven-api-key': 'right', authorization: 'Bearer right' }

/** All statuses of an operation. Errors of the service are `5XX`. */
async function statusesOf(row: Row, profile: Profile): Promise<string[]> {
  const { method, path, service, answers } = row
  const seen = new Set<string>()
  const bytes = (body: unknown) => (body === undefined ? undefined : JSON.stringify(body))

  async function sends(
    expected: number,
    given: Case,
    raw: Parameters<ReturnType<typeof handlerClient>>[2] = {},
  ) {
    const { send } = await seeded({ profile, ...given.options })
    // A query is appended to the row's path.
    const target = given.path?.startsWith('?') ? path + given.path : (given.path ?? path)
    const usual = { body: bytes(given.body ?? row.body), headers: headersOf(row, 'right') }
    const got = await send(method, target, { ...usual, ...raw })
    expect([target, given.body, raw, got.status]).toEqual([target, given.body, raw, expected])
    expect([got.status, answerError(row.id, got.status, got.body)]).toEqual([got.status, undefined])
    seen.add(String(got.status))
    return got
  }

  const [status, body] = (profile === 'service' && service) || answers
  expect((await sends(status, {})).body).toEqual(body)
  if (row.body !== undefined) expect(requestError(row.id, row.body)).toBeUndefined()
  expect((await sends(status, { path: `${path}/` })).body).toEqual(body)
  if (path.startsWith('/v1/account')) {
    expect((await sends(status, { path: path.replace('account', 'brand') })).body).toEqual(body)
  }
  expect((await sends(status, { path: path.replaceAll(/\/(a|n|s)(?=\/|$)/g, encoded) })).body).toEqual(body)

  if (method === 'GET') {
    const { send } = await seeded({ profile })
    const headers = headersOf(row, 'right')
    const [whole, head] = [await send('GET', path, { headers }), await send('HEAD', path, { headers })]
    expect([head.status, head.body]).toEqual([whole.status, undefined])
  }

  for (const malformed of row.malformed ?? []) await sends(400, malformed)
  await sends(400, { path: `${path}?x=%` })
  await sends(400, { path: `${path}?%ff` })
  for (const [, part] of path.matchAll(/\/(a|n|s)(?=\/|$)/g)) {
    await sends(400, { path: path.replace(new RegExp(`/${part}(?=/|$)`), '/%ff') })
  }
  for (const missing of row.missing ?? []) await sends(404, missing)
  if (row.body !== undefined) {
    const headers = (more: object) => ({ headers: { ...right, ...more } })
    for (const text of ['', '{', 'x', '{"a":1e400', '"\\x"']) await sends(400, {}, { body: text })
    await sends(400, {}, { body: new Uint8Array([0x22, 0xc3, 0x22]) })
    await sends(415, {}, headers({ 'content-type': 'text/plain' }))
    await sends(415, {}, headers({ 'content-encoding': 'gzip' }))
    await sends(413, {}, headers({ 'content-length': String(maxBodyBytes + 1) }))
  }

  const keyed = await seeded({ profile, keys })
  const sentWith = async (headers: { [name: string]: string }, target = path) =>
    (await keyed.send(method, target, { body: bytes(row.body), headers })).status
  expect(await sentWith(headersOf(row, 'right'))).toBe(status)
  expect(await sentWith(type)).toBe(401)
  expect(await sentWith(headersOf(row, ''))).toBe(401)
  expect(await sentWith(headersOf(row, 'wrong'))).toBe(403)
  for (const code of ['401', '403']) seen.add(code)
  if (!row.basic) {
    const closed = await seeded({ profile })
    await closed.store.close()
    expect((await closed.send(method, path, { body: bytes(row.body) })).status).toBe(503)
    seen.add('5XX')
  }

  for (const other of methods.filter((name) => !row.allow.split(', ').includes(name))) {
    const got = await keyed.send(other, path, { headers: headersOf(row, 'right') })
    expect([other, got.status, got.headers.get('allow')]).toEqual([other, 405, row.allow])
  }
  return [...seen].sort()
}

function encoded(part: string): string {
  return `/%${part.charCodeAt(1).toString(16)}`
}

for (const profile of profiles) {
  test.each(rows.map((row) => [row.id, row] as const))(`${profile}: %s`, async (id, row) => {
    const operation = documented.find(({ operationId }) => operationId === id)
    expect(operation).toMatchObject({ method: row.method })
    const pattern = new RegExp(`^${operation?.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
    expect(row.path).toMatch(pattern)
    expect(await statusesOf(row, profile)).toEqual(Object.keys(operation?.responses ?? {}).sort())
  })
}

test('the description has the operations of this table and `readDescription`', () => {
  // control.test.ts tests the paths below /control/.
  const ids = documented
    .filter(({ path }) => !path.startsWith('/control/'))
    .map(({ operationId }) => operationId)
  expect(ids.sort()).toEqual([...rows.map(({ id }) => id), 'readDescription'].sort())
})

test('the description has all paths that the handler serves', async () => {
  const { send } = await seeded()
  const patterns = Object.keys(document.paths).map(
    (path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  )
  const words = ['properties', 'session-ids', 'session-properties', 'namespace', 'session', 'n']
  let paths = ['/v1/account/a', '/v2/context/document', '/openapi.json']
  for (let length = 0; length < 5; length++) {
    const served = new Map<string, boolean>()
    for (const path of paths) served.set(path, (await send('NONE', path)).status === 405)
    for (const [path, isServed] of served) {
      expect([path, isServed]).toEqual([path, patterns.some((pattern) => pattern.test(path))])
    }
    paths = paths.flatMap((path) => words.map((word) => `${path}/${word}`))
  }
})

test('an unknown path is a 404 with a valid API key, and otherwise a 401 or 403', async () => {
  const { send } = await seeded({ keys })
  const paths = [
    '/v1/account/a/n/s',
    '/v1/account/a//properties',
    '/v1/brand/a/n/s/t/properties',
    '/v1/account/a/n/s/',
  ]
  for (const path of paths) {
    expect((await send('GET', path, { headers: right })).status).toBe(404)
    expect((await send('GET', path)).status).toBe(403)
    expect((await send('GET', path, { headers: type })).status).toBe(401)
  }
  for (const path of [
    '/v2',
    '/v2/context/document',
    '/v2/context/document/a',
    '/v2/context/document/a/n/s/t',
  ]) {
    expect((await send('GET', path, { headers: right })).status).toBe(404)
    expect((await send('GET', path, { headers: type })).status).toBe(401)
  }
})
