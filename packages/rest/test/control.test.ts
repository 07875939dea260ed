import document from '@context-store/rest/openapi.json' with { type: 'json' }
import {
  type ContextServiceDouble,
  type StartOptions,
  startContextService,
} from '@context-store/rest/testing'
import { expect, onTestFinished, test } from 'vitest'
import { answerError, documented, requestError } from './description.ts'

const state = { '577089': { orders: { c1: { step: 1 } } } }

async function started(options: StartOptions = {}): Promise<ContextServiceDouble> {
  const double = await startContextService({ state, control: true, ...options })
  onTestFinished(() => double.close())
  return double
}

/** Sends a control request from the description, and checks that the answer matches the description. */
async function call(double: ContextServiceDouble, id: string, sent?: unknown) {
  const operation = documented.find(({ operationId }) => operationId === id)
  if (sent !== undefined) expect(requestError(id, sent)).toBeUndefined()
  const answer = await request(double, operation?.method ?? '', operation?.path ?? '', sent)
  expect(answerError(id, answer.status, answer.body)).toBeUndefined()
  return answer
}

async function request(double: ContextServiceDouble, method: string, path: string, sent?: unknown) {
  const response = await fetch(double.url + path, {
    method,
    ...(sent === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(sent) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

/** Sends a request to the service. */
function patch(double: ContextServiceDouble, step: number): Promise<Response> {
  return fetch(`${double.url}/v1/account/577089/orders/c1/properties`, {
    method: 'PATCH',
    headers: { 'maven-api-key': 'secret', 'content-type': 'application/json' },
    body: JSON.stringify({ step }),
  })
}

test('/control/requests lists the requests of the service, without API keys', async () => {
  const double = await started()
  await patch(double, 2)
  const { body } = await call(double, 'listRequests')
  expect(body).toMatchObject([
    { method: 'PATCH', headers: { 'maven-api-key': 'redacted' }, body: { step: 2 }, status: 204 },
  ])
})

test('/control/faults adds faults, and /control/done names those that did not fire', async () => {
  const double = await started()
  const fault = { status: 429, headers: { 'retry-after': '1' }, match: { method: 'PATCH' }, times: 2 }
  expect(await call(double, 'addFault', fault)).toEqual({ status: 204, body: undefined })
  const refused = await patch(double, 2)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
  expect((await call(double, 'listFaults')).body).toEqual([{ ...fault, times: 1 }])
  const notDone = await call(double, 'assertDone')
  expect(notDone.status).toBe(409)
  expect(notDone.body.message).toContain('status 429')
  await patch(double, 2)
  expect((await call(double, 'assertDone')).status).toBe(204)
})

test('/control/state reads and replaces the state, /control/reset restores it', async () => {
  const double = await started()
  await patch(double, 2)
  expect((await call(double, 'readState')).body).toEqual({ '577089': { orders: { c1: { step: 2 } } } })
  const other = { a: { n: { s: { text: 'x' } } } }
  expect((await call(double, 'replaceState', other)).status).toBe(204)
  expect(double.snapshot()).toEqual(other)
  expect((await call(double, 'reset')).status).toBe(204)
  expect(double.snapshot()).toEqual(state)
  expect(double.requests).toEqual([])
})

test('/control/clock moves the clock', async () => {
  const double = await started()
  double.store.sync.account('577089').namespace('orders').session('c1').patch({}, { ttlSeconds: 3600 })
  const before = (await call(double, 'readClock')).body.now
  const { body } = await call(double, 'advanceClock', { advanceSeconds: 3600 })
  expect(body.now).toBeGreaterThanOrEqual(before + 3_600_000)
  expect(double.snapshot()).toEqual({ '577089': { orders: {} } })
})

test.each<readonly [method: string, path: string, sent: unknown, status: number]>([
  ['GET', '/control/', undefined, 404],
  ['GET', '/control/other', undefined, 404],
  ['GET', '/control/constructor', undefined, 404],
  ['DELETE', '/control/state', undefined, 405],
  ['POST', '/control/faults', { status: 200 }, 400],
  ['POST', '/control/faults', null, 400],
  ['POST', '/control/faults', { status: 500, math: {} }, 400],
  ['POST', '/control/clock', { advanceSeconds: -1 }, 400],
  ['POST', '/control/clock', {}, 400],
  ['POST', '/control/clock', undefined, 415],
  ['PUT', '/control/state', [], 400],
  ['PUT', '/control/state', { a: { n: 5 } }, 400],
  ['PUT', '/control/state', { a: { n: { good: { a: 1 }, ['s'.repeat(600)]: {} } } }, 400],
])('%s %s with %j is refused, and changes nothing', async (method, path, sent, status) => {
  const double = await started()
  const answer = await request(double, method, path, sent)
  expect(answer.status).toBe(status)
  expect(answer.body.message.length).toBeGreaterThan(10)
  expect(double.snapshot()).toEqual(state)
  expect(double.pendingFaults).toEqual([])
})

test('a page of the allowed origin may control the double', async () => {
  const double = await started({ cors: 'https://shop.example' })
  const asked = await fetch(`${double.url}/control/state`, {
    method: 'OPTIONS',
    headers: { origin: 'https://shop.example', 'access-control-request-method': 'PUT' },
  })
  expect(asked.status).toBe(204)
  expect(asked.headers.get('access-control-allow-methods')).toContain('PUT')
  const read = await fetch(`${double.url}/control/state`)
  expect(read.headers.get('access-control-allow-origin')).toBe('https://shop.example')
})

test('without `control`, the paths below /control/ are a 404', async () => {
  const double = await started({ control: false })
  for (const path of Object.keys(document.paths).filter((each) => each.startsWith('/control/'))) {
    const response = await fetch(double.url + path, { headers: { 'maven-api-key': 'secret' } })
    expect([path, response.status]).toEqual([path, 404])
  }
})

test('`port`, `host` and `control` are checked', async () => {
  const refused = expect.objectContaining({ code: 'invalid-option' })
  await expect(startContextService({ port: 70_000 })).rejects.toEqual(refused)
  await expect(startContextService({ host: '' })).rejects.toEqual(refused)
  await expect(startContextService({ control: 'yes' as never })).rejects.toEqual(refused)
})
