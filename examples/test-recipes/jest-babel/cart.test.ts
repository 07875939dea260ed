import { interceptContextService } from '@context-store/rest/testing'
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { addToCart } from '../cart.mjs'

const service = interceptContextService({ onUnhandled: 'error' })
beforeEach(() => service.reset({ 577089: { shop: { 'visit-1': { cart: ['tea'] } } } }))
afterEach(() => service.assertDone())
afterAll(() => service.close())

test('`addToCart` adds an item to the cart', async () => {
  const cart: string[] = await addToCart('visit-1', 'cake')
  expect(cart).toEqual(['tea', 'cake'])
  expect(service.snapshot()).toEqual({ 577089: { shop: { 'visit-1': { cart: ['tea', 'cake'] } } } })
})

test('an error of the service reaches the caller', async () => {
  service.fault({ status: 503, match: { method: 'PATCH' } })
  await expect(addToCart('visit-1', 'cake')).rejects.toThrow('503')
})
