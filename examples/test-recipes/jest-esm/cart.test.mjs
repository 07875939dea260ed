import { interceptContextService } from '@context-store/rest/testing'
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { addToCart } from '../cart.mjs'

const service = interceptContextService({ onUnhandled: 'error' })
beforeEach(() => service.reset({ 577089: { shop: { 'visit-1': { cart: ['tea'] } } } }))
afterEach(() => service.assertDone())
afterAll(() => service.close())

test('`addToCart` adds an item to the cart', async () => {
  expect(await addToCart('visit-1', 'cake')).toEqual(['tea', 'cake'])
  expect(service.snapshot()).toEqual({ 577089: { shop: { 'visit-1': { cart: ['tea', 'cake'] } } } })
})

test('`addToCart` retries if the service is busy', async () => {
  service.fault({ status: 429, headers: { 'retry-after': '0' }, match: { method: 'PATCH' } })
  expect(await addToCart('visit-1', 'cake')).toEqual(['tea', 'cake'])
})
