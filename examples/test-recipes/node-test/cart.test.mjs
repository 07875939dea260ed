import { strict as assert } from 'node:assert'
import { after, afterEach, beforeEach, test } from 'node:test'
import { interceptContextService } from '@context-store/rest/testing'
import { addToCart } from '../cart.mjs'

const service = interceptContextService({ onUnhandled: 'error' })
beforeEach(() => service.reset({ 577089: { shop: { 'visit-1': { cart: ['tea'] } } } }))
afterEach(() => service.assertDone())
after(() => service.close())

test('`addToCart` adds an item to the cart', async () => {
  assert.deepEqual(await addToCart('visit-1', 'cake'), ['tea', 'cake'])
  assert.deepEqual(service.snapshot(), { 577089: { shop: { 'visit-1': { cart: ['tea', 'cake'] } } } })
})

test('`addToCart` retries if the service is busy', async () => {
  service.fault({ status: 429, headers: { 'retry-after': '0' }, match: { method: 'PATCH' } })
  await addToCart('visit-1', 'cake')
  const statuses = service.requests.map(({ method, status }) => `${method} ${status}`)
  assert.deepEqual(statuses, ['GET 200', 'PATCH 429', 'PATCH 204'])
})

test('an error of the service reaches the caller, and the cart is unchanged', async () => {
  service.fault({ status: 503, match: { method: 'PATCH' } })
  await assert.rejects(addToCart('visit-1', 'cake'), /503/)
  assert.deepEqual(service.snapshot(), { 577089: { shop: { 'visit-1': { cart: ['tea'] } } } })
})
