import http, { createServer } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { memoryStore } from '@context-store/memory'
import { serve } from '@context-store/rest/node'
import {
  createContextService,
  type DoubleOptions,
  interceptContextService,
  startContextService,
} from '@context-store/rest/testing'
import { FetchInterceptor } from '@mswjs/interceptors/fetch'
import { expect, onTestFinished, test } from 'vitest'

const headers = { 'maven-api-key': 'key-1' }

test('several doubles may be active; for a shared host, the one that started last answers', async () => {
  const state = (name: string) => ({ state: { a: { [name]: {} } } })
  const first = interceptContextService({ hosts: ['one.test'], ...state('first') })
  const second = interceptContextService({ hosts: ['two.test'], ...state('second') })
  const third = interceptContextService({ hosts: ['one.test'], ...state('third') })
  onTestFinished(async () => {
    for (const service of [first, second, third]) await service.close()
  })
  const namesAt = async (host: string) => {
    const listed = (await (await fetch(`https://${host}/v1/account/a`, { headers })).json()) as unknown[]
    return listed.map((namespace) => (namespace as { name: string }).name)
  }
  expect([await namesAt('one.test'), await namesAt('two.test')]).toEqual([['third'], ['second']])
  await third.close()
  expect([await namesAt('one.test'), await namesAt('two.test')]).toEqual([['first'], ['second']])
  await first.close()
  expect(await namesAt('two.test')).toEqual(['second'])
  await second.close()
  await expect(namesAt('two.test')).rejects.toThrow()
})

test('a double and an interceptor of another library may be active together', async () => {
  const theirs = new FetchInterceptor()
  theirs.on('request', ({ request, controller }) => {
    if (request.url === 'https://theirs.test/') controller.respondWith(new Response('theirs'))
  })
  theirs.apply()
  onTestFinished(() => theirs.dispose())
  const service = interceptContextService()
  onTestFinished(() => service.close())
  expect((await fetch(`${service.url}/v1/account/a`, { headers })).status).toBe(200)
  expect(await (await fetch('https://theirs.test/')).text()).toBe('theirs')
  await service.close()
  expect(await (await fetch('https://theirs.test/')).text()).toBe('theirs')
})

test('other hosts are not intercepted, nor the real ones after `close`', async () => {
  const server = await serve({ store: memoryStore() })
  onTestFinished(() => server.close())
  const service = interceptContextService({ hosts: ['service.test'] })
  expect((await fetch('https://service.test/v1/account/a', { headers })).status).toBe(200)
  expect((await fetch(`${server.url}/v1/account/a`, { headers })).status).toBe(200)
  expect(service.requests).toHaveLength(1)
  await service.close()
  await service.close()
  await expect(fetch('https://service.test/v1/account/a', { headers })).rejects.toThrow()
})

test("onUnhandled: 'pass' does not intercept paths outside the contract", async () => {
  const server = createServer((request, answer) => {
    let text = `${request.method} ${request.url} `
    request.setEncoding('utf8').on('data', (more) => {
      text += more
    })
    request.on('end', () => answer.writeHead(203).end(text))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const service = interceptContextService({ hosts: [host], onUnhandled: 'pass' })
  onTestFinished(() => service.close())
  service.fault({ status: 503, match: { path: 'other' } })

  const url = `http://${host}/other?a=1`
  const init = { method: 'POST', headers, body: 'text' }
  for (const answer of [await fetch(url, init), await fetch(new Request(url, init))]) {
    expect([answer.status, await answer.text()]).toEqual([203, 'POST /other?a=1 text'])
  }
  const statusOf = (sent: http.ClientRequest) =>
    new Promise((resolve, reject) => {
      sent.on('error', reject).on('response', (answer) => answer.resume() && resolve(answer.statusCode))
    })
  const [hostname, port] = host.split(':')
  const agent = new http.Agent()
  expect(await statusOf(http.get(url, { agent }))).toBe(203)
  expect(await statusOf(http.get({ hostname, port, path: '/other', agent }))).toBe(203)
  expect(service.requests).toEqual([])

  const known = '/v1/account/a'
  expect((await fetch(`http://${host}${known}`, { headers })).status).toBe(200)
  expect(await statusOf(http.get({ hostname, port, path: known, headers }))).toBe(200)
  expect(service.requests).toHaveLength(2)
  const entrances = [startContextService, async (options: DoubleOptions) => createContextService(options)]
  for (const open of entrances) {
    await expect(open({ onUnhandled: 'pass' })).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('interceptContextService'),
    })
  }
})

test('`handle` reads a clone, so that the caller can read the request', async () => {
  const service = interceptContextService()
  onTestFinished(() => service.close())
  const init = {
    method: 'PATCH',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"a":1}',
  }
  const request = new Request(`${service.url}/v1/account/a/n/properties`, init)
  expect((await service.handle(request)).status).toBe(204)
  expect(await request.json()).toEqual({ a: 1 })
})

test.each([...['z1', 'z2', 'z3'].flatMap((zone) => [`${zone}.context`, `${zone}.ccs`]), 'va-a.context'])(
  'the double answers for %s.liveperson.net, HEAD too',
  async (name) => {
    const service = interceptContextService({ state: { a: { n: { s: { p: 1 } } } } })
    onTestFinished(() => service.close())
    const init = { headers: { 'maven-api-key': 'any', authorization: 'Bearer any' } }
    const read = await fetch(`https://${name}.liveperson.net/v2/context/document/a/n/s`, init)
    expect(await read.json()).toMatchObject({ payload: { p: 1 } })
    const url = `https://${name}.liveperson.net/v1/account/a/n/s/properties`
    const head = await fetch(url, { ...init, method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '7', ''])
    const status = await new Promise((resolve, reject) => {
      const sent = https.request(url, { ...init, method: 'HEAD' }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode))
      })
      sent.once('error', reject).end()
    })
    expect(status).toBe(200)
  },
)

test('`requests` has no API keys in a runtime that keeps the case of header names', async () => {
  const service = interceptContextService()
  onTestFinished(() => service.close())
  const sent = { 'Maven-Api-Key': 'the-key', AUTHORIZATION: 'Bearer the-token', 'X-Request-Id': '1' }
  // Like happy-dom's `Headers`: found in any case, listed as they were set.
  const headers = {
    get: (name: string) => new Headers(sent).get(name),
    [Symbol.iterator]: () => Object.entries(sent)[Symbol.iterator](),
  }
  const keepingCase = (request: Request): Request =>
    Object.defineProperties(request, {
      headers: { value: headers },
      clone: { value: () => keepingCase(new Request(request.url)) },
    })
  const request = keepingCase(new Request(`${service.url}/v1/account/a`))
  expect((await service.handle(request)).status).toBe(200)
  const redacted = 'redacted'
  expect(service.requests[0]?.headers).toEqual({
    'maven-api-key': redacted,
    authorization: redacted,
    'x-request-id': '1',
  })
})
