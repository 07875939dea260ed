import { memoryStore } from '@context-store/memory'
import { createHandler, type HandlerOptions } from '@context-store/rest'
import { expect, test } from 'vitest'
import { handlerClient } from './handler-client.ts'

async function service(options: HandlerOptions) {
  const store = memoryStore()
  await store.session({ account: 'a', namespace: 'n' }).patch({ a: 'x', list: ['a'] })
  return { store, send: handlerClient(store, options) }
}
const base = '/v1/account/a'

test.each([
  [{}, { a: 'x' }, { list: ['a'] }],
  [{ bareValues: true }, 'x', ['a']],
  [{ profile: 'service' }, 'x', ['a']],
  [{ profile: 'service', bareValues: false }, { a: 'x' }, { list: ['a'] }],
] satisfies [HandlerOptions, unknown, unknown][])('bareValues: %j', async (options, text, list) => {
  const { send } = await service(options)
  expect((await send('GET', `${base}/n/properties/a`)).body).toEqual(text)
  expect((await send('GET', `${base}/n/properties/list`)).body).toEqual(list)
})

test.each([
  [{}, 204],
  [{ reservedNames: true }, 400],
  [{ profile: 'service' }, 400],
  [{ profile: 'service', reservedNames: false }, 204],
] satisfies [HandlerOptions, number][])('reservedNames: %j', async (options, status) => {
  for (const name of ['consumer', 'operational', 'conversation', 'faas', 'custom', 'sde']) {
    const document = { accountId: 'a', nameSpace: name, payload: {} }
    for (const [method, path, body] of [
      ['POST', base, { name }],
      ['PATCH', `${base}/${name}/properties`, {}],
      ['PUT', `${base}/${name}/s/properties/p`, 1],
      ['POST', `${base}/namespace/${name}/session`, { sessionId: 's' }],
      ['POST', '/v2/context/document/create', document],
    ] as const) {
      const { store, send } = await service(options)
      const expected = status === 204 && path.startsWith('/v2') ? 201 : status
      expect((await send(method, path, { body: JSON.stringify(body) })).status).toBe(expected)
      const began = await store.account('a').namespace(name).info()
      expect(began === undefined).toBe(status === 400)
    }
    // An existing one is served.
    const { store, send } = await service(options)
    await store.account('a').namespace(name).create()
    expect((await send('PATCH', `${base}/${name}/properties`, { body: '{"a":1}' })).status).toBe(204)
    expect((await send('POST', base, { body: JSON.stringify({ name }) })).status).toBe(204)
  }
})

test('createOnPatch: if `false`, only a POST of a namespace creates it', async () => {
  const { store, send } = await service({ createOnPatch: false })
  const namespace = store.account('a').namespace('new')
  const writes = () =>
    Promise.all([
      send('PATCH', `${base}/new/properties`, { body: '{"a":1}' }),
      send('PUT', `${base}/new/s/properties/p`, { body: '1' }),
      send('POST', `${base}/namespace/new/session?ttlSecond=9`, { body: '{"sessionId":"t"}' }),
      send('POST', '/v2/context/document/create', {
        body: '{"accountId":"a","nameSpace":"new","payload":{}}',
      }),
    ])
  for (const { status } of await writes()) expect(status).toBe(404)
  expect(await namespace.info()).toBeUndefined()
  expect((await send('POST', base, { body: '{"name":"new"}' })).status).toBe(204)
  expect((await writes()).map(({ status }) => status)).toEqual([204, 204, 204, 201])
})

test.each([
  [{}, { a: 'x' }, 'application/json'],
  [{ bareStrings: true }, { a: 'x' }, 'application/json'],
  [{ bareValues: true }, '"x"', 'application/json'],
  [{ profile: 'service', bareStrings: false }, '"x"', 'application/json'],
  [{ profile: 'service' }, 'x', 'text/plain; charset=utf-8'],
  [{ bareValues: true, bareStrings: true }, 'x', 'text/plain; charset=utf-8'],
] satisfies [HandlerOptions, unknown, string][])('bareStrings: %j', async (options, body, type) => {
  const store = memoryStore()
  const written = { a: 'x', empty: '', digits: '1000', other: 'é "\n', none: null, number: 1, list: ['a'] }
  await store.session({ account: 'a', namespace: 'n' }).patch(written)
  const handle = createHandler(store, options)
  const got = async (name: string) => {
    const request = new Request(`http://host${base}/n/properties/${name}`, {
      headers: { 'maven-api-key': 'k' },
    })
    const answer = await handle(request)
    expect(answer.status).toBe(200)
    return { type: answer.headers.get('content-type'), text: await answer.text() }
  }
  for (const [name, value] of Object.entries(written)) {
    const isText = typeof body === 'string' && body === 'x' && typeof value === 'string'
    const json = JSON.stringify(typeof body === 'string' ? value : { [name]: value })
    const expected = isText ? { type, text: value } : { type: 'application/json', text: json }
    expect([name, await got(name)]).toEqual([name, expected])
  }
})

test.each(['2019', 'service'] as const)(
  '%s: a session without properties is empty, not missing',
  async (profile) => {
    const { store, send } = await service({ profile })
    await store.session({ account: 'a', namespace: 'n', session: 'empty' }).patch({}, { ttlSeconds: 60 })
    await store.account('a').namespace('new').create()
    for (const session of ['n/none', 'n/empty', 'new', 'new/none']) {
      for (const query of ['', '?include=a']) {
        const { status, body } = await send('GET', `${base}/${session}/properties${query}`)
        expect([status, body]).toEqual([200, {}])
      }
    }
    expect((await send('GET', `${base}/none/properties`)).status).toBe(404)
  },
)

test('propertiesField is the name of the field with the properties', async () => {
  const properties = { a: 'x', list: ['a'] }
  for (const [options, session] of [
    [{}, { sessionId: '__default__', property: properties }],
    [{ profile: 'service' }, { sessionId: '__default__', property: properties }],
    [{ propertiesField: 'properties' }, { sessionId: '__default__', properties }],
  ] as const) {
    const { send } = await service(options)
    expect((await send('GET', `${base}/n/session-properties`)).body).toEqual([session])
  }
})

test.each([
  { bareValues: 1 },
  { reservedNames: 'consumer' },
  { createOnPatch: null },
  { bareStrings: 'x' },
  { propertiesField: 'values' },
  { profile: 'vendor' },
])('`createHandler` refuses the options %j', (options) => {
  expect(() => createHandler(memoryStore(), options as HandlerOptions)).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  )
})
