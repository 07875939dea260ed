import { type RestStoreOptions, restStore } from '@context-store/rest/client'
import { type ContextServiceDouble, startContextService } from '@context-store/rest/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

const account = '577089'
let service: ContextServiceDouble
const stores: { close(): Promise<void> }[] = []

beforeEach(async () => {
  service = await startContextService()
})
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
  await service.close()
})

const closed = expect.objectContaining({ code: 'closed' })

function open(options: Partial<RestStoreOptions> = {}) {
  const store = restStore({ baseUrl: service.url, apiKey: 'key', ...options })
  stores.push(store)
  return store
}

test('`sessionIds` lists the ids of every page', async () => {
  const ids = Array.from({ length: 1001 }, (_, index) => `s${index}`)
  service.reset({ [account]: { orders: Object.fromEntries(ids.map((id) => [id, { a: 1 }])) } })
  const found: string[] = []
  for await (const id of open().sessionIds(account, 'orders')) found.push(id)
  expect(found.sort()).toEqual(ids.sort())
  await expect(open().sessionIds(account, 'nowhere')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'namespace-not-found',
  })
})

test('`sessionIds` lists the results of earlier writes, awaited or not', async () => {
  service.fault({ delayMs: 30, match: { method: 'PATCH' } })
  const store = open()
  const orders = store.account(account).namespace('orders')
  const written = [orders.session('c1').patch({ a: 1 }), orders.session('c1').patch({ a: 2 })]
  const found: string[] = []
  for await (const id of store.sessionIds(account, 'orders')) found.push(id)
  expect(found).toEqual(['c1'])
  expect(service.requests.map(({ method }) => method)).toEqual(['PATCH', 'PATCH', 'GET'])
  await Promise.all(written)
})

test('`sessionIds` throws after `close`, also between two ids of a page', async () => {
  service.reset({ [account]: { orders: { c1: { a: 1 }, c2: { a: 1 } } } })
  const store = open()
  const ids = store.sessionIds(account, 'orders')[Symbol.asyncIterator]()
  expect(await ids.next()).toEqual({ done: false, value: 'c1' })
  await store.close()
  await expect(ids.next()).rejects.toEqual(closed)
  await expect(store.sessionIds(account, 'orders')[Symbol.asyncIterator]().next()).rejects.toEqual(closed)
  expect(service.requests).toHaveLength(1)
})

test('`close` waits for a page of `sessionIds` that is being read', async () => {
  let answer = (_: Response): void => undefined
  const answered = new Promise<Response>((resolve) => {
    answer = resolve
  })
  const store = open({ fetch: () => answered })
  const ids = store.sessionIds(account, 'orders')[Symbol.asyncIterator]()
  const page = ids.next()
  let isClosed = false
  const closing = store.close().then(() => {
    isClosed = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(isClosed).toBe(false)
  answer(new Response('["c1"]'))
  await expect(page).rejects.toEqual(closed)
  await closing
})

test.each(['{}', '[1]', 'no JSON'])('a page of `sessionIds` that is %s is corrupt', async (body) => {
  const store = open({ fetch: async () => new Response(body) })
  await expect(store.sessionIds(account, 'orders')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'corrupt',
    address: { account, namespace: 'orders' },
  })
})
