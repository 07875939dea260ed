import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runInNewContext } from 'node:vm'
import { absent, InvalidValueError, type Session } from '@context-store/core'
import { type RestStoreOptions, restStore } from '@context-store/rest/client'
import { type ContextServiceDouble, startContextService } from '@context-store/rest/testing'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const account = '577089'
let service: ContextServiceDouble
const stores: { close(): Promise<void> }[] = []
const servers: Server[] = []

beforeEach(async () => {
  service = await startContextService()
})
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(stores.splice(0).map((store) => store.close()))
  await service.close()
})
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections()
})

function open(options: Partial<RestStoreOptions> = {}) {
  const store = restStore({ baseUrl: service.url, apiKey: 'key', retries: 0, ...options })
  stores.push(store)
  return store
}

function session(options?: Partial<RestStoreOptions>) {
  return open(options).session({ account, namespace: 'orders', session: 'c1' })
}

/** A server with answers that the double cannot give. */
async function serverThat(answers: RequestListener): Promise<string> {
  const server = createServer(answers)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const unreachable = (code: string) =>
  Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(code), { code }) })

describe('requests', () => {
  test('each call sends the requests of the contract, and no others', async () => {
    const store = open()
    const orders = store.account(account).namespace('my orders')
    await orders.create({ ttlSeconds: 60 })
    await orders.session('a/b').patch({ step: 1 }, { ttlSeconds: 5 })
    await orders.session().patch({ step: 1 })
    await orders.session('a/b').getMany(['step', 'é'])
    await orders.session('a/b').getAll()
    await orders.session('a/b').delete(['step', 'é'])
    await orders.session('a/b').clear()
    await orders.delete()
    const base = `/v1/account/${account}`
    expect(service.requests.map(({ method, path, body, status }) => [method, path, body, status])).toEqual([
      ['POST', `${base}?ttlSecond=60`, { name: 'my orders' }, 204],
      ['POST', `${base}/namespace/my%20orders/session?ttlSecond=5`, { sessionId: 'a/b' }, 204],
      ['PATCH', `${base}/my%20orders/a%2Fb/properties`, { step: 1 }, 204],
      ['PATCH', `${base}/my%20orders/properties`, { step: 1 }, 204],
      ['GET', `${base}/my%20orders/a%2Fb/properties?include=step,%C3%A9`, undefined, 200],
      ['GET', `${base}/my%20orders/a%2Fb/properties`, undefined, 200],
      ['DELETE', `${base}/my%20orders/a%2Fb/properties/step`, undefined, 204],
      ['DELETE', `${base}/my%20orders/a%2Fb/properties/%C3%A9`, undefined, 204],
      ['DELETE', `${base}/my%20orders/a%2Fb/properties`, undefined, 204],
      ['DELETE', `${base}/my%20orders`, undefined, 204],
    ])
  })

  test('`getMany` of many names reads the whole session, since a URL has a maximum length', async () => {
    const names = Array.from({ length: 600 }, (_, index) => `property ${index}`)
    const one = session()
    await one.patch(Object.fromEntries(names.map((name) => [name, 1])))
    await one.patch({ other: 1 })
    expect(Object.keys(await one.getMany(names))).toEqual(names)
    expect(service.requests.at(-1)?.path).not.toContain('include')
  })

  test('`getMany` of a name with a comma reads the whole session, since `include` is split at commas', async () => {
    const one = session()
    await one.patch({ 'a,b': 1, a: 2, b: 3 })
    expect(await one.getMany(['a,b', 'b'])).toEqual({ 'a,b': 1, b: 3 })
    expect(await one.get('a,b')).toBe(1)
    expect(await one.getMany(['a', 'b'])).toEqual({ a: 2, b: 3 })
    const included = service.requests.filter(({ path }) => path.includes('include'))
    expect(included).toMatchObject([{ path: expect.stringMatching(/include=a,b$/) }])
  })

  test('`baseUrl` may have a path and a trailing slash', async () => {
    const paths: string[] = []
    const baseUrl = await serverThat(({ url = '' }, outgoing) => {
      paths.push(url)
      outgoing.end('{}')
    })
    await session({ baseUrl: `${baseUrl}/proxy/` }).getAll()
    expect(paths).toEqual([`/proxy/v1/account/${account}/orders/c1/properties`])
  })
})

describe('calls that the contract cannot express are refused, and nothing is sent', () => {
  const unsupported = expect.objectContaining({ code: 'unsupported' })

  test.each(['.', '..'])('%s as any part of an address', (dots) => {
    const store = open()
    for (const address of [
      { account: dots, namespace: 'n', session: 's' },
      { account, namespace: dots, session: 's' },
      { account, namespace: 'n', session: dots },
    ]) {
      expect(() => store.session(address)).toThrow(unsupported)
    }
    expect(() => store.account(account).namespace(dots)).toThrow(unsupported)
    expect(() => store.sessionIds(account, dots)).toThrow(unsupported)
    expect(service.requests).toEqual([])
  })

  test('a session called `properties`, whose path is that of a property', () => {
    expect(() => open().session({ account, namespace: 'n', session: 'properties' })).toThrow(unsupported)
  })

  test('listings and session information that are not in the contract', async () => {
    const store = open()
    const orders = store.account(account).namespace('orders')
    const first = (listing: AsyncIterable<unknown>) => listing[Symbol.asyncIterator]().next()
    await expect(orders.listSessions()).rejects.toEqual(unsupported)
    await expect(first(orders.sessions())).rejects.toEqual(unsupported)
    await expect(first(orders.sessions({ properties: true }))).rejects.toEqual(unsupported)
    await expect(first(store.accounts())).rejects.toEqual(unsupported)
    await expect(orders.session('s').info()).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('created'),
    })
    expect(service.requests).toEqual([])
  })

  test('property names that a PATCH could write but a URL path cannot carry', async () => {
    for (const name of ['', '.', '..']) {
      await expect(session().patch({ [name]: 1 })).rejects.toMatchObject({ code: 'unsupported' })
      await expect(session().delete(['a', name])).rejects.toMatchObject({ code: 'unsupported' })
      await expect(session().getMany(['a', name])).rejects.toMatchObject({ code: 'unsupported' })
    }
    expect(service.requests).toEqual([])
  })

  test('conditional writes, removals in a patch, and a time to live whose path has another meaning', async () => {
    await expect(session().patchIf({ a: 1 }, { a: 2 })).rejects.toMatchObject({ code: 'unsupported' })
    await expect(session().clearIf({ a: 1 })).rejects.toMatchObject({ code: 'unsupported' })
    await expect(session().update(['a'], () => ({ a: 2 }))).rejects.toMatchObject({ code: 'unsupported' })
    await expect(session().patch({ a: 1, b: absent })).rejects.toMatchObject({ code: 'unsupported' })
    const one = open().session({ account, namespace: 'properties', session: 'c1' })
    await expect(one.patch({ a: 1 }, { ttlSeconds: 1 })).rejects.toMatchObject({ code: 'unsupported' })
    expect(service.requests).toEqual([])
  })
})

describe('API keys', () => {
  test('the error for a refused key does not contain the key', async () => {
    await service.close()
    service = await startContextService({ keys: { [account]: 'right' } })
    const refused = await session({ apiKey: 'wrong' })
      .patch({ a: 1 })
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'unauthorized', outcome: 'not-applied' })
    expect(String(refused)).not.toContain('wrong')
    await session({ apiKey: 'right' }).patch({ a: 1 })
  })

  test('an `apiKey` function is called once, and once more after concurrent calls were refused', async () => {
    const current = { key: service.regenerateKey(account) }
    const asked: (string | undefined)[] = []
    const one = session({
      apiKey: async (_, refused) => {
        asked.push(refused)
        return current.key
      },
    })
    await one.patch({ a: 1 })
    await one.getAll()
    expect(asked).toEqual([undefined])
    const before = current.key
    current.key = service.regenerateKey(account)
    expect(await Promise.all([one.getAll(), one.getAll(), one.get('a')])).toEqual([{ a: 1 }, { a: 1 }, 1])
    expect(asked).toEqual([undefined, before])
  })

  test('an `apiKey` function that returns the refused key, fails, or returns an invalid key', async () => {
    service.regenerateKey(account)
    await expect(session({ apiKey: () => 'old' }).getAll()).rejects.toMatchObject({ code: 'unauthorized' })
    const failing = session({ apiKey: () => Promise.reject(new Error('no vault')) })
    await expect(failing.getAll()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(session({ apiKey: () => 'in two\nlines' }).getAll()).rejects.toMatchObject({
      code: 'unauthorized',
    })
    const confused = session({ apiKey: () => Promise.reject(new InvalidValueError('', 'of another store')) })
    await expect(confused.getAll()).rejects.toMatchObject({ code: 'unauthorized' })
  })
})

describe('when the network fails', () => {
  test('a request that never reached the service is retried, at most `retries` times', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let failures = 2
    let calls = 0
    const fetch: typeof globalThis.fetch = async (...request) => {
      calls++
      if (failures-- > 0) throw unreachable('ECONNREFUSED')
      return globalThis.fetch(...request)
    }
    const one = session({ fetch, retries: 2 })
    const [, written] = await Promise.all([vi.advanceTimersByTimeAsync(1000), one.patch({ a: 1 })])
    expect(written).toBeUndefined()
    expect(calls).toBe(3)
    failures = 3
    const refused = expect(one.patch({ a: 2 })).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    })
    await vi.advanceTimersByTimeAsync(1000)
    await refused
    expect(calls).toBe(6)
    vi.useRealTimers()
    expect(service.snapshot()).toEqual({ [account]: { orders: { c1: { a: 1 } } } })
  })

  test('a port on which nothing listens is unavailable', async () => {
    const { url } = service
    await service.close()
    const one = session({ baseUrl: url })
    await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unavailable', outcome: 'not-applied' })
    await expect(open({ baseUrl: url }).ready()).rejects.toMatchObject({ code: 'unavailable' })
    service = await startContextService()
    await open().ready()
  })

  test('`ready` does not call an `apiKey` function, since it has no account', async () => {
    const asked: string[] = []
    const apiKey = (account: string): never => {
      asked.push(account)
      throw new Error('no key')
    }
    await open({ apiKey }).ready()
    expect(asked).toEqual([])
    expect(service.requests.at(-1)?.headers).not.toHaveProperty('maven-api-key')
    service.fault({ status: 503 })
    await expect(open({ apiKey }).ready()).rejects.toMatchObject({ code: 'unavailable' })
    const guarded = await startContextService({ keys: 'right' })
    await expect(open({ baseUrl: guarded.url, apiKey: 'wrong' }).ready()).rejects.toMatchObject({
      code: 'unauthorized',
    })
    await guarded.close()
  })

  test('a write whose answer is lost is sent once, and its outcome is unknown', async () => {
    const one = session({ retries: 5 })
    service.fault({ reset: true, afterEffect: true })
    await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    service.fault({ reset: true })
    await expect(one.getAll()).rejects.toMatchObject({ code: 'unavailable', outcome: 'not-applied' })
    service.fault({ status: 503, afterEffect: true })
    await expect(one.patch({ a: 2 })).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    service.fault({ halfBody: true })
    await expect(one.getAll()).rejects.toMatchObject({ code: 'unavailable' })
    expect(service.requests).toHaveLength(4)
    expect(service.snapshot()).toEqual({ [account]: { orders: { c1: { a: 2 } } } })
  })

  test('a call that times out is unavailable, and its connection is closed', async () => {
    const closed = new Promise<void>((resolve) => {
      void serverThat(({ socket }) => socket.once('close', () => resolve())).then((baseUrl) =>
        expect(session({ baseUrl, timeoutMs: 50 }).patch({ a: 1 })).rejects.toMatchObject({
          code: 'unavailable',
          outcome: 'unknown',
        }),
      )
    })
    await closed
  })

  test('an error of another realm is recognised by its members', async () => {
    const refused = runInNewContext(`Object.assign(new TypeError('fetch failed'), {
      cause: { errors: [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })], code: 'EOTHER' },
    })`)
    const one = session({ fetch: () => Promise.reject(refused) })
    await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unavailable', outcome: 'not-applied' })
  })

  test('a `fetch` may throw a value that is not an error', async () => {
    for (const thrown of ['text', null, undefined, { cause: { cause: 1 } }, { errors: [] }]) {
      const one = session({ fetch: () => Promise.reject(thrown) })
      await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    }
  })

  /** A service that answers after a delay, unless the request is aborted first. */
  function slow(milliseconds: number): typeof globalThis.fetch {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    return (_, init) =>
      new Promise((resolve, reject) => {
        setTimeout(() => resolve(new Response(null, { status: 204 })), milliseconds)
        init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))
      })
  }

  test('two requests of one call share its timeout', async () => {
    const one = session({ fetch: slow(600), timeoutMs: 1000 })
    const refused = expect(one.patch({ a: 1 }, { ttlSeconds: 60 })).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    })
    await vi.advanceTimersByTimeAsync(1000)
    await refused
  })

  test('the timeout of a call includes the wait for earlier calls', async () => {
    const one = session({ fetch: slow(5000), timeoutMs: 1000 })
    const refused = { code: 'unavailable', outcome: 'unknown' }
    const first = expect(one.patch({ a: 1 })).rejects.toMatchObject(refused)
    await vi.advanceTimersByTimeAsync(500)
    const second = expect(one.patch({ a: 2 })).rejects.toMatchObject(refused)
    await vi.advanceTimersByTimeAsync(1000)
    await Promise.all([first, second])
    // Until the pending request has ended too.
    await vi.advanceTimersByTimeAsync(1000)
  })

  test.each([
    ['a patch with a time to live', async (one: Session) => one.patch({ a: 1 }, { ttlSeconds: 60 })],
    ['a deletion of two properties', async (one: Session) => one.delete(['a', 'b'])],
  ])('if the second request of %s fails, the outcome is unknown', async (_, call) => {
    for (const second of [400, 403, 413, 429]) {
      const answers = [204, second]
      const fetch = async () => {
        const status = answers.shift() ?? 500
        return new Response(status === 204 ? null : '{"message":"no"}', { status })
      }
      await expect(call(session({ fetch }))).rejects.toMatchObject({ outcome: 'unknown' })
    }
  })

  test.each([
    ['never answers', () => new Promise<Response>(() => undefined)],
    [
      'answers half',
      async () => new Response(new ReadableStream({ start: (half) => half.enqueue(new Uint8Array(1)) })),
    ],
  ])('a call with a `fetch` that ignores its signal and %s times out', async (_, fetch) => {
    const one = session({ fetch, timeoutMs: 20 })
    await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    await expect(one.getAll()).rejects.toMatchObject({ code: 'unavailable', outcome: 'not-applied' })
  })

  test('if the connection is still refused at the timeout, the write was not applied', async () => {
    let attempts = 0
    const fetch: typeof globalThis.fetch = async (_, init) => {
      init?.signal?.throwIfAborted()
      attempts++
      throw unreachable('ECONNREFUSED')
    }
    const one = session({ fetch, retries: 10, timeoutMs: 500 })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const refused = expect(one.patch({ a: 1 })).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    })
    await vi.advanceTimersByTimeAsync(500)
    await refused
    expect(attempts).toBeGreaterThan(2)
  })

  test('a call with an `apiKey` function that hangs times out', async () => {
    const one = session({ apiKey: () => new Promise<string>(() => undefined), timeoutMs: 20 })
    await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unavailable', outcome: 'not-applied' })
  })

  test('an `apiKey` function that hung is asked again by the next call', async () => {
    let calls = 0
    const key = () => (++calls === 1 ? new Promise<string>(() => undefined) : 'any')
    const one = session({ apiKey: key, timeoutMs: 200 })
    await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unavailable' })
    await one.patch({ a: 1 })
    expect(calls).toBe(2)
  })

  test('calls on one session take effect in order, awaited or not', async () => {
    service.fault({ delayMs: 30, match: { method: 'PATCH' } })
    const one = session()
    const first = one.patch({ a: 1 })
    const second = one.patch({ a: 2 })
    expect(await one.get('a')).toBe(2)
    await Promise.all([first, second])
  })
})

describe('answers', () => {
  test.each([
    [400, 'invalid-value', 'not-applied'],
    [404, 'namespace-not-found', 'not-applied'],
    [413, 'too-large', 'not-applied'],
    [429, 'unavailable', 'not-applied'],
    [500, 'unavailable', 'unknown'],
    [503, 'unavailable', 'unknown'],
  ])('a write answered with %i is %s', async (status, code, outcome) => {
    service.fault({ status })
    await expect(session().patch({ a: 1 })).rejects.toMatchObject({ code, outcome })
  })

  test('a patch that the service finds too large is an error, and nothing is written', async () => {
    const one = session()
    await one.patch({ a: 'x'.repeat(500_000) })
    await expect(one.patch({ b: 'x'.repeat(400_000) })).rejects.toMatchObject({ code: 'too-large' })
    expect(Object.keys(await one.getAll())).toEqual(['a'])
  })

  test.each([
    ['an HTML page', 200, '<!doctype html>'],
    ['an array instead of a session', 200, '[]'],
    ['an empty body', 200, ''],
    ['invalid UTF-8', 200, Buffer.from([0x7b, 0xff])],
    ['an HTML page with status 404', 404, '<h1>404</h1>'],
  ])('%s is corrupt, never missing', async (_, status, body) => {
    const baseUrl = await serverThat((_incoming, outgoing) => outgoing.writeHead(status).end(body))
    await expect(session({ baseUrl }).getAll()).rejects.toMatchObject({ code: 'corrupt' })
  })

  test('an error names its session, and a write with an invalid answer has an unknown outcome', async () => {
    const baseUrl = await serverThat((_incoming, outgoing) => outgoing.end(Buffer.from([0x7b, 0xff])))
    await expect(session({ baseUrl }).patch({ a: 1 })).rejects.toMatchObject({
      code: 'corrupt',
      outcome: 'unknown',
      address: { account, namespace: 'orders', session: 'c1' },
    })
  })

  test('an oversized patch is too large before anything is sent', async () => {
    const list = Array(700).fill('x'.repeat(800_000))
    await expect(session().patch({ list })).rejects.toMatchObject({
      code: 'too-large',
      outcome: 'not-applied',
    })
    expect(service.requests).toEqual([])
  })

  test('redirects are not followed, so that no other host gets the API key', async () => {
    let leaked = false
    const other = await serverThat((_incoming, outgoing) => {
      leaked = true
      outgoing.end('{}')
    })
    const baseUrl = await serverThat((_incoming, outgoing) =>
      outgoing.writeHead(307, { location: other }).end(),
    )
    await expect(session({ baseUrl }).getAll()).rejects.toMatchObject({
      code: 'corrupt',
      outcome: 'not-applied',
    })
    await expect(session({ baseUrl }).patch({ a: 1 })).rejects.toMatchObject({ code: 'corrupt' })
    expect(leaked).toBe(false)
  })

  test('an endless answer is aborted', async () => {
    const chunk = Buffer.alloc(1 << 20, ' ')
    const baseUrl = await serverThat((_incoming, outgoing) => {
      const more = (): void => {
        while (!outgoing.destroyed && outgoing.write(chunk));
      }
      outgoing.on('drain', more)
      more()
    })
    await expect(session({ baseUrl, timeoutMs: 60_000 }).getAll()).rejects.toMatchObject({ code: 'corrupt' })
  })
})

test.each([
  ['baseUrl', 'ftp://host'],
  ['baseUrl', 'no url'],
  ['baseUrl', 'http://user:password@host'],
  ['baseUrl', 'http://host?query'],
  ['apiKey', ''],
  ['apiKey', 'a b'],
  ['timeoutMs', 0],
  ['timeoutMs', Number.NaN],
  ['retries', -1],
  ['retries', 11],
  ['fetch', 'fetch'],
])('%s of %j is refused', (option, value) => {
  expect(() => open({ [option]: value })).toThrow(
    expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining(option) }),
  )
})
