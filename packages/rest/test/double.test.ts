import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import {
  type ContextServiceDouble,
  createContextService,
  type DoubleOptions,
  interceptContextService,
  startContextService,
} from '@context-store/rest/testing'
import axios from 'axios'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { counted } from './counted-store.ts'

/** Sends a request as code under test does. Resolves with the answer, or rejects if the connection breaks. */
type Send = (url: string, method: string, body?: unknown) => Promise<{ status: number; body: unknown }>

const headers = { 'maven-api-key': 'key-1', 'content-type': 'application/json' }

const clients: { readonly [name: string]: Send } = {
  async fetch(url, method, body) {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(url, { method, headers, ...sent })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  },
  async axios(url, method, data) {
    const response = await axios({ url, method, headers, data, validateStatus: () => true })
    return { status: response.status, body: response.data === '' ? undefined : response.data }
  },
  async http(url, method, body) {
    const request = (url.startsWith('https') ? https : http).request(url, { method, headers })
    request.end(body === undefined ? undefined : JSON.stringify(body))
    const [response] = await once(request, 'response')
    let text = ''
    for await (const chunk of response) text += chunk
    return { status: response.statusCode, body: text === '' ? undefined : JSON.parse(text) }
  },
}

const entrances: { readonly [name: string]: (options?: DoubleOptions) => Promise<ContextServiceDouble> } = {
  'a port': startContextService,
  'the interceptor': async (options) => interceptContextService(options),
}

/** A double without a port or an interceptor, called by another library's `fetch`. */
async function handled(options?: DoubleOptions): Promise<ContextServiceDouble> {
  const service = createContextService(options)
  vi.stubGlobal('fetch', (url: string, init?: RequestInit) => service.handle(new Request(url, init)))
  onTestFinished(() => void vi.unstubAllGlobals())
  return service
}

const cases = Object.entries(clients).flatMap(([client, send]) =>
  Object.entries({ ...entrances, ...(client === 'fetch' && { 'handle alone': handled }) }).map(
    ([entrance, open]) => [client, entrance, send, open] as const,
  ),
)

describe.each(cases)('%s against %s', (client, _entrance, send, open) => {
  async function start(options?: DoubleOptions) {
    const service = await open(options)
    onTestFinished(() => service.close())
    const call = (method: string, path: string, body?: unknown) =>
      send(`${service.url}/v1/account/577089${path}`, method, body)
    return { service, call }
  }

  test('`fault` takes a status, a reset or half a body, before and after the effect', async () => {
    const { service, call } = await start({ state: { '577089': { n: { s: { a: 1 } } } } })
    service.fault({ status: 503, match: { method: 'PATCH' } })
    service.fault({ status: 500, match: { method: 'PATCH' }, afterEffect: true })
    expect(await call('GET', '/n/s/properties')).toMatchObject({ status: 200 })
    expect(await call('PATCH', '/n/s/properties', { a: 2 })).toMatchObject({ status: 503 })
    expect(service.snapshot()).toEqual({ '577089': { n: { s: { a: 1 } } } })
    expect(await call('PATCH', '/n/s/properties', { a: 2 })).toMatchObject({ status: 500 })
    expect(service.snapshot()).toEqual({ '577089': { n: { s: { a: 2 } } } })

    service.fault({ reset: true })
    await expect(call('PATCH', '/n/s/properties', { a: 3 })).rejects.toThrow()
    expect(service.snapshot()).toEqual({ '577089': { n: { s: { a: 2 } } } })
    service.fault({ reset: true, afterEffect: true })
    await expect(call('PATCH', '/n/s/properties', { a: 3 })).rejects.toThrow()
    expect(service.snapshot()).toEqual({ '577089': { n: { s: { a: 3 } } } })

    service.fault({ halfBody: true })
    await expect(call('GET', '/n/s/properties')).rejects.toThrow()
    expect(await call('GET', '/n/s/properties')).toEqual({ status: 200, body: { a: 3 } })
    // If the answer has no body, the connection breaks before the answer, and after the effect.
    service.fault({ halfBody: true })
    await expect(call('PATCH', '/n/s/properties', { a: 4 })).rejects.toThrow()
    expect(service.snapshot()).toEqual({ '577089': { n: { s: { a: 4 } } } })

    // Code under test looks for this code in the error of its client, or in the cause.
    service.fault({ reset: true })
    const error = await call('GET', '/n/s/properties').then(
      () => undefined,
      (error: Error) => error,
    )
    expect([error, error?.cause]).toContainEqual(expect.objectContaining({ code: 'ECONNRESET' }))
    if (client === 'fetch') expect(error).toMatchObject({ name: 'TypeError', cause: { code: 'ECONNRESET' } })
  })

  test('a path outside the contract is a 404, or an error with `onUnhandled`', async () => {
    const { service } = await start()
    expect(await send(`${service.url}/health?key=1`, 'GET')).toMatchObject({ status: 404 })
    expect(() => service.assertDone()).toThrow('GET /health?key=1')
    service.reset()
    service.assertDone()
    // A request that a fault hits is not unhandled.
    service.fault({ status: 502, match: { path: '/health' } })
    expect(await send(`${service.url}/health`, 'GET')).toMatchObject({ status: 502 })
    service.assertDone()
    await service.close()

    const strict = await start({ onUnhandled: 'error' })
    expect(await strict.call('GET', '')).toMatchObject({ status: 200 })
    strict.service.assertDone()
    const url = `${strict.service.url}/health`
    const told = await send(url, 'GET').then(({ status, body }) => ({ status, ...Object(body) }), Object)
    expect(told).toMatchObject({
      message: "GET /health: the contract has no such path (onUnhandled: 'error')",
    })
    if (url.startsWith('http://')) expect(told.status).toBe(501)
    else expect(told).toBeInstanceOf(Error)
    expect(() => strict.service.assertDone()).toThrow('GET /health')
  })
})

describe.each(Object.entries({ ...entrances, 'handle alone': handled }))('%s', (_name, open) => {
  async function start(options?: DoubleOptions) {
    const service = await open(options)
    onTestFinished(() => service.close())
    return service
  }
  const get = (service: ContextServiceDouble, path: string, key = 'key-1') =>
    fetch(`${service.url}/v1/account/577089${path}`, { headers: { 'maven-api-key': key } })

  test('`requests` has the requests, without API keys', async () => {
    const service = await start()
    const coming = service.waitForRequest({ method: 'GET', path: /orders/ })
    await get(service, '/orders/c1/properties?access_token=secret')
    expect(await coming).toMatchObject({
      method: 'GET',
      path: '/v1/account/577089/orders/c1/properties?access_token=redacted',
      headers: { 'maven-api-key': 'redacted' },
      status: 404,
    })
    expect(await service.waitForRequest({ path: 'orders' })).toBe(service.requests[0])
    await expect(service.waitForRequest({ method: 'PUT' }, { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'unavailable',
    })
    for (let i = 0; i < 1005; i++) await service.handle(new Request('http://any/v1/account/a', { headers }))
    expect(service.requests).toHaveLength(1000)
  })

  test('`requests` has the latest requests, with at most 16 MB of bodies', async () => {
    const service = await start()
    const body = JSON.stringify({ a: 'x'.repeat(4_000_000) })
    const send = (name: number | string) =>
      service.handle(
        new Request(`http://any/v1/account/a/n/s/properties?${name}`, { method: 'PATCH', headers, body }),
      )
    const queries = () => service.requests.map(({ path }) => path.split('?')[1])
    for (let i = 0; i < 5; i++) await send(i)
    expect(queries()).toEqual(['2', '3', '4'])
    service.reset()
    for (const name of ['a', 'b', 'c']) await send(name)
    await get(service, '?small')
    expect(queries()).toEqual(['a', 'b', 'c', 'small'])
  })

  test('`advanceSeconds` makes sessions expire, also with a fake `Date`', async () => {
    const service = await start({ state: { '577089': { n: {} } } })
    const session = service.store.sync.session({ account: '577089', namespace: 'n', session: 's' })
    session.patch({ a: 1 }, { ttlSeconds: 60 })
    service.clock.advanceSeconds(59)
    expect(service.snapshot()).toEqual({ '577089': { n: { s: { a: 1 } } } })
    vi.useFakeTimers({ now: service.clock.now() + 1000, toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    expect(service.snapshot()).toEqual({ '577089': { n: {} } })
  })

  test('`regenerateKey` replaces a key, and `reset` restores everything', async () => {
    const state = { '577089': { orders: { ['__proto__']: { step: 1 }, c1: JSON.parse('{"__proto__":1}') } } }
    const service = await start({ state, keys: { '577089': 'key-1' } })
    const key = service.regenerateKey('577089')
    expect((await get(service, '')).status).toBe(403)
    expect((await get(service, '', key)).status).toBe(200)
    service.fault({ status: 500, times: 5 })
    service.store.sync.session({ account: 'other', namespace: 'n' }).patch({ a: 1 })
    service.clock.advanceSeconds(3600)
    service.reset()
    expect(service.snapshot()).toEqual(state)
    expect(service.requests).toEqual([])
    expect((await get(service, '')).status).toBe(200)
    expect(Math.abs(service.clock.now() - Date.now())).toBeLessThan(60_000)
    service.reset({})
    expect(service.snapshot()).toEqual({})
  })

  test('the double copies `state`: later changes of the object have no effect', async () => {
    const state = { '577089': { orders: { c1: { step: 1, cart: ['tea'] } } } }
    const service = await start({ state })
    state['577089'].orders.c1.step = 2
    state['577089'].orders.c1.cart.push('jam')
    service.reset()
    expect(service.snapshot()).toEqual({ '577089': { orders: { c1: { step: 1, cart: ['tea'] } } } })
  })

  test('`snapshot` lists sessions with their properties, without a read for each', async () => {
    const state = { '577089': { n: { s1: { a: 1 }, s2: { a: 2 } } } }
    const service = await start({ state })
    const { store, calls } = counted(service.store.sync)
    const { account } = store
    vi.spyOn(service.store.sync, 'account').mockImplementation(account)
    expect(service.snapshot()).toEqual(state)
    expect(calls).toEqual([['namespaces'], ['sessions', { properties: true }]])
  })

  test('requests are answered although all timers are fake; a delay uses the fake timers', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const service = await start()
    service.store.sync.session({ account: '577089', namespace: 'n' }).patch({ a: 1 }, { ttlSeconds: 60 })
    expect((await get(service, '/n/properties')).status).toBe(200)
    service.fault({ delayMs: 59_999 })
    const late = get(service, '/n/properties?late')
    await service.waitForRequest({ path: 'late' })
    await vi.advanceTimersByTimeAsync(59_999)
    expect(await (await late).json()).toEqual({ a: 1 })
    vi.advanceTimersByTime(1)
    expect(await (await get(service, '/n/properties')).json()).toEqual({})
  })

  test('`delayMs` delays a request before its effect, or after it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const service = await start()
    for (const afterEffect of [false, true]) {
      service.reset()
      service.fault({ delayMs: 1000, afterEffect })
      const session = `${service.url}/v1/account/577089/n/s/properties`
      const late = fetch(session, { method: 'PATCH', headers, body: '{"a":1}' })
      await service.waitForRequest({ method: 'PATCH' })
      // After this request, the double has done all that it does before the delay.
      await get(service, '/n/properties')
      expect(service.snapshot()).toEqual(afterEffect ? { '577089': { n: { s: { a: 1 } } } } : {})
      expect(service.requests[0]?.status).toBeUndefined()
      await vi.advanceTimersByTimeAsync(1000)
      expect((await late).status).toBe(204)
      expect(service.snapshot()).toEqual({ '577089': { n: { s: { a: 1 } } } })
    }
  })

  test('`close` ends a pending delay: the connection breaks, and no timer is left', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const service = await start({ state: { '577089': { n: {} } } })
    service.fault({ delayMs: 600_000 })
    const late = get(service, '/n/properties')
    const broken = expect(late).rejects.toThrow()
    await service.waitForRequest()
    await service.close()
    await broken
    expect(vi.getTimerCount()).toBe(0)
    // After it, a delay does not begin.
    service.fault({ delayMs: 600_000 })
    await expect(service.handle(new Request('http://any/', { headers }))).rejects.toThrow()
  })

  test('`reset` ends a pending delay: the request has no effect in the next test', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const service = await start()
    service.fault({ delayMs: 1000 })
    const session = `${service.url}/v1/account/577089/n/s/properties`
    const broken = expect(fetch(session, { method: 'PATCH', headers, body: '{"a":1}' })).rejects.toThrow()
    await service.waitForRequest({ method: 'PATCH' })
    service.reset()
    await vi.advanceTimersByTimeAsync(1000)
    await broken
    expect(service.snapshot()).toEqual({})
    expect((await get(service, '/')).status).toBe(200)
  })

  test('the same `seed` makes a fault with a `rate` hit the same requests', async () => {
    const run = async (seed: number) => {
      const service = await start({ seed })
      service.fault({ status: 500, rate: 0.5 })
      const statuses: number[] = []
      for (let i = 0; i < 40; i++)
        statuses.push((await service.handle(new Request('http://any/', { headers }))).status)
      await service.close()
      return statuses
    }
    const first = await run(7)
    expect(await run(7)).toEqual(first)
    expect(await run(8)).not.toEqual(first)
    expect(new Set(first)).toEqual(new Set([500, 404]))
  })

  test('a fault with a status takes headers and a body', async () => {
    const service = await start()
    const answered = async () => {
      const response = await get(service, '')
      const { status } = response
      return [
        status,
        response.headers.get('content-type'),
        await response.text(),
        response.headers.get('retry-after'),
      ]
    }
    const headers = { 'Retry-After': '7' }
    const body = { message: 'slow down', codes: [1] }
    service.fault({ status: 429, headers, body })
    headers['Retry-After'] = '8'
    body.codes.push(2)
    service.fault({ status: 429, headers })
    service.fault({ status: 502, headers: { 'Content-Type': 'text/html' }, body: '<p>bad gateway</p>' })
    service.fault({ status: 503, body: 'busy' })
    const json = 'application/json'
    expect(await answered()).toEqual([429, json, '{"message":"slow down","codes":[1]}', '7'])
    expect(await answered()).toEqual([429, json, '{"message":"the test asked for this fault"}', '8'])
    expect(await answered()).toEqual([502, 'text/html', '<p>bad gateway</p>', null])
    expect(await answered()).toEqual([503, json, '"busy"', null])
    service.fault({ status: 429, headers })
    const head = await fetch(`${service.url}/v1/account/577089`, { method: 'HEAD' })
    expect([head.status, head.headers.get('retry-after'), await head.text()]).toEqual([429, '8', ''])
  })

  test('`pendingFaults` has the faults that are left, and `assertDone` names them', async () => {
    const service = await start()
    service.assertDone()
    service.fault({ status: 500, times: 3 })
    service.fault({ reset: true, match: { method: 'patch', path: /orders/ } })
    // A fault with a rate is never pending: it hits at random.
    service.fault({ delayMs: 1, rate: 0.5, match: { method: 'PUT' } })
    await get(service, '')
    expect(service.pendingFaults).toEqual([
      { status: 500, times: 2 },
      { reset: true, times: 1, match: { method: 'patch', path: /orders/ } },
    ])
    expect(() => service.assertDone()).toThrow(
      'a fault did not fire: status 500 for any method, any path (times left: 2)\n' +
        'a fault did not fire: reset true for PATCH, /orders/ (times left: 1)',
    )
    service.reset()
    expect(service.pendingFaults).toEqual([])
    service.assertDone()
  })

  test('invalid options and faults are refused', async () => {
    const refused = expect.objectContaining({ code: 'invalid-option' })
    for (const options of [
      { seed: 0.5 },
      { hosts: ['https://api.example'] },
      { hosts: ['api.example/v1'] },
      { hosts: [] },
      { hosts: 'api.example' },
      { onUnhandled: 'throw' },
    ]) {
      await expect(open(options as never)).rejects.toEqual(refused)
    }
    const service = await start()
    for (const fault of [
      { status: 200 },
      { delayMs: -1 },
      { status: 500, rate: 2 },
      { status: 500, times: 0 },
      {},
      { reset: false },
      { halfBody: 1 },
      { status: 500, afterEffect: 'yes' },
      { status: 500, match: { path: 1 } },
      { status: 500, match: { method: /GET/ } },
      { status: 500, match: { method: 'GET, PUT' } },
      { status: 500, headers: new Headers() },
      { status: 500, headers: { 'retry after': '1' } },
      { status: 500, headers: { 'retry-after': 1 } },
      { status: 500, headers: { 'retry-after': '1\r\n' } },
      { status: 500, headers: { 'Content-Length': '1' } },
      { status: 500, body: () => 1 },
      { status: 500, body: 1n },
      { reset: true, body: {} },
      { delayMs: 1, headers: {} },
    ]) {
      expect(() => service.fault(fault as never)).toThrow(refused)
    }
    expect(() => service.clock.advanceSeconds(-1)).toThrow(refused)
  })

  test.each<[unknown, string]>([
    [undefined, 'fault: '],
    ['reset', 'fault: '],
    [{ status: 500, afterEfect: true }, 'fault: there is no member "afterEfect"'],
    [{ satus: 500 }, 'fault: there is no member "satus"'],
    [{ status: 500, match: 'GET' }, 'fault.match: '],
    [{ status: 500, match: { url: '/orders' } }, 'fault.match: there is no member "url"'],
  ])('`fault` names the invalid member of %j', async (fault, message) => {
    const service = await start()
    const refused = { code: 'invalid-option', message: expect.stringContaining(message) }
    expect(() => service.fault(fault as never)).toThrow(expect.objectContaining(refused))
  })

  test('`waitForRequest` refuses an invalid match, and names its member', async () => {
    const service = await start()
    await expect(service.waitForRequest({ paht: '/orders' } as never)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('match: there is no member "paht"'),
    })
    service.fault({ status: 500, match: { method: undefined, path: undefined } })
    expect((await get(service, '')).status).toBe(500)
  })

  test.each<[unknown, string]>([
    [null, 'state: '],
    [[], 'state: '],
    [new Map([['a', {}]]), 'state: '],
    [{ a: 'orders' }, 'state.a: '],
    [{ a: { orders: [] } }, 'state.a.orders: '],
    [{ a: { orders: { c1: 1 } } }, 'state.a.orders.c1: '],
    [{ a: { orders: { c1: undefined } } }, 'state.a.orders.c1: '],
  ])('the invalid state %j is refused with its place, and nothing is changed', async (state, place) => {
    const refused = { code: 'invalid-option', message: expect.stringContaining(place) }
    await expect(open({ state: state as never })).rejects.toMatchObject(refused)
    const before = { a: { orders: { c1: { step: 1 } } } }
    const service = await start({ state: before })
    expect(() => service.reset(state as never)).toThrow(expect.objectContaining(refused))
    expect(service.snapshot()).toEqual(before)
  })
})
