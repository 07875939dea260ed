import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { absent } from '@context-store/core'
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

/** A server that answers as it is told, where the double would not. */
async function serverThat(answers: RequestListener): Promise<string> {
  const server = createServer(answers)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const unreachable = (code: string) =>
  Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(code), { code }) })

describe('what is sent', () => {
  test('is what the contract says, and nothing more', async () => {
    const store = open()
    const orders = store.account(account).namespace('my orders')
    await orders.create({ ttlSeconds: 60 })
    await orders.session('a/b').patch({ step: 1 }, { ttlSeconds: 5 })
    await orders.session().patch({ step: 1 })
    await orders.session('a/b').getMany(['step', 'a,b'])
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
      ['GET', `${base}/my%20orders/a%2Fb/properties?include=step,a%2Cb`, undefined, 200],
      ['GET', `${base}/my%20orders/a%2Fb/properties`, undefined, 200],
      ['DELETE', `${base}/my%20orders/a%2Fb/properties/step`, undefined, 204],
      ['DELETE', `${base}/my%20orders/a%2Fb/properties/%C3%A9`, undefined, 204],
      ['DELETE', `${base}/my%20orders/a%2Fb/properties`, undefined, 204],
      ['DELETE', `${base}/my%20orders`, undefined, 204],
    ])
  })

  test('many names are read with the whole session, since a URL has an end', async () => {
    const names = Array.from({ length: 600 }, (_, index) => `property ${index}`)
    const one = session()
    await one.patch(Object.fromEntries(names.map((name) => [name, 1])))
    await one.patch({ other: 1 })
    expect(Object.keys(await one.getMany(names))).toEqual(names)
    expect(service.requests.at(-1)?.path).not.toContain('include')
  })

  test('a base may have a path, and a slash at its end', async () => {
    const paths: string[] = []
    const baseUrl = await serverThat(({ url = '' }, outgoing) => {
      paths.push(url)
      outgoing.end('{}')
    })
    await session({ baseUrl: `${baseUrl}/proxy/` }).getAll()
    expect(paths).toEqual([`/proxy/v1/account/${account}/orders/c1/properties`])
  })

  test('the ids of sessions come page by page', async () => {
    const ids = Array.from({ length: 1001 }, (_, index) => `s${index}`)
    service.reset({ [account]: { orders: Object.fromEntries(ids.map((id) => [id, { a: 1 }])) } })
    const found: string[] = []
    for await (const id of open().sessionIds(account, 'orders')) found.push(id)
    expect(found.sort()).toEqual(ids.sort())
    await expect(open().sessionIds(account, 'nowhere')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'namespace-not-found',
    })
  })
})

describe('what the contract cannot carry is refused, and nothing is sent', () => {
  test.each(['.', '..'])('%s as any part of an address', async (dots) => {
    const store = open()
    const addresses = [
      { account: dots, namespace: 'n', session: 's' },
      { account, namespace: dots, session: 's' },
      { account, namespace: 'n', session: dots },
    ]
    for (const address of addresses) {
      const one = store.session(address)
      await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unsupported' })
      await expect(one.getAll()).rejects.toMatchObject({ code: 'unsupported' })
      await expect(one.clear()).rejects.toMatchObject({ code: 'unsupported' })
    }
    await expect(store.account(account).namespace(dots).create()).rejects.toMatchObject({
      code: 'unsupported',
    })
    expect(service.requests).toEqual([])
  })

  test('property names that could be written but not deleted', async () => {
    for (const name of ['', '.', '..']) {
      await expect(session().patch({ [name]: 1 })).rejects.toMatchObject({ code: 'unsupported' })
      await expect(session().delete(['a', name])).rejects.toMatchObject({ code: 'unsupported' })
      await expect(session().getMany(['a', name])).rejects.toMatchObject({ code: 'unsupported' })
    }
    expect(service.requests).toEqual([])
  })

  test('conditions, removals in a patch, and a time to live where a path has another meaning', async () => {
    await expect(session().patchIf({ a: 1 }, { a: 2 })).rejects.toMatchObject({ code: 'unsupported' })
    await expect(session().patch({ a: 1, b: absent })).rejects.toMatchObject({ code: 'unsupported' })
    const one = open().session({ account, namespace: 'properties', session: 'c1' })
    await expect(one.patch({ a: 1 }, { ttlSeconds: 1 })).rejects.toMatchObject({ code: 'unsupported' })
    expect(service.requests).toEqual([])
  })
})

describe('keys', () => {
  test('a key that is refused is an error that does not say it', async () => {
    await service.close()
    service = await startContextService({ keys: { [account]: 'right' } })
    const refused = await session({ apiKey: 'wrong' })
      .patch({ a: 1 })
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'unauthorized', outcome: 'not-applied' })
    expect(String(refused)).not.toContain('wrong')
    await session({ apiKey: 'right' }).patch({ a: 1 })
  })

  test('a function is asked once, and once more when its key was refused, however many calls had it', async () => {
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

  test('a function that has no other key, none at all, or fails: unauthorized', async () => {
    service.regenerateKey(account)
    await expect(session({ apiKey: () => 'old' }).getAll()).rejects.toMatchObject({ code: 'unauthorized' })
    const failing = session({ apiKey: () => Promise.reject(new Error('no vault')) })
    await expect(failing.getAll()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(session({ apiKey: () => 'in two\nlines' }).getAll()).rejects.toMatchObject({
      code: 'invalid-option',
    })
  })
})

describe('when the network fails', () => {
  test('what never arrived is sent again, so often and no more', async () => {
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

  test('a port that nobody listens to is unavailable', async () => {
    const { url } = service
    await service.close()
    const one = session({ baseUrl: url })
    await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unavailable', outcome: 'not-applied' })
    await expect(open({ baseUrl: url }).ready()).rejects.toMatchObject({ code: 'unavailable' })
    service = await startContextService()
    await open().ready()
  })

  test('a write whose answer is lost is sent once, and may have happened', async () => {
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

  test('no answer in time is unavailable, and the connection is let go', async () => {
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

  test('a key function that hangs does not hang the call', async () => {
    const one = session({ apiKey: () => new Promise<string>(() => undefined), timeoutMs: 20 })
    await expect(one.patch({ a: 1 })).rejects.toMatchObject({ code: 'unavailable', outcome: 'not-applied' })
  })

  test('calls on one session keep their order, awaited or not', async () => {
    service.fault({ delayMs: 30, match: { method: 'PATCH' } })
    const one = session()
    const first = one.patch({ a: 1 })
    const second = one.patch({ a: 2 })
    expect(await one.get('a')).toBe(2)
    await Promise.all([first, second])
  })
})

describe('what the service answers', () => {
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

  test('a session that is too large is an error of the service’s, and nothing is written', async () => {
    const one = session()
    await one.patch({ a: 'x'.repeat(500_000) })
    await expect(one.patch({ b: 'x'.repeat(400_000) })).rejects.toMatchObject({ code: 'too-large' })
    expect(Object.keys(await one.getAll())).toEqual(['a'])
  })

  test.each([
    ['a page of something else', 200, '<!doctype html>'],
    ['an array for a session', 200, '[]'],
    ['nothing', 200, ''],
    ['no UTF-8', 200, Buffer.from([0x7b, 0xff])],
    ['a page for what is not there', 404, '<h1>404</h1>'],
  ])('%s is corrupt, never missing', async (_, status, body) => {
    const baseUrl = await serverThat((_incoming, outgoing) => outgoing.writeHead(status).end(body))
    await expect(session({ baseUrl }).getAll()).rejects.toMatchObject({ code: 'corrupt' })
  })

  test('a redirection is not followed: the key is for nobody else', async () => {
    let leaked = false
    const other = await serverThat((_incoming, outgoing) => {
      leaked = true
      outgoing.end('{}')
    })
    const baseUrl = await serverThat((_incoming, outgoing) =>
      outgoing.writeHead(307, { location: other }).end(),
    )
    await expect(session({ baseUrl }).getAll()).rejects.toMatchObject({ code: 'unavailable' })
    expect(leaked).toBe(false)
  })

  test('an endless answer is given up', async () => {
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

test('after close() ids are not listed either', async () => {
  const store = open()
  await store.close()
  await expect(store.sessionIds(account, 'orders')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'closed',
  })
})
