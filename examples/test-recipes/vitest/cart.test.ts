import { interceptContextService } from '@context-store/rest/testing'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addToCart } from '../cart.mjs'

const service = interceptContextService({ onUnhandled: 'error' })
beforeEach(() => service.reset({ 577089: { shop: { 'visit-1': { cart: ['tea'] } } } }))
afterEach(() => service.assertDone())
afterEach(() => void vi.useRealTimers())
afterAll(() => service.close())

test('`addToCart` adds an item to the cart', async () => {
  expect(await addToCart('visit-1', 'cake')).toEqual(['tea', 'cake'])
  expect(service.snapshot()).toEqual({ 577089: { shop: { 'visit-1': { cart: ['tea', 'cake'] } } } })
})

test('`addToCart` retries a busy service after `retry-after`', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  service.fault({ status: 429, headers: { 'retry-after': '60' }, match: { method: 'PATCH' } })
  const adding = addToCart('visit-1', 'cake')
  await service.waitForRequest({ method: 'PATCH' })
  await vi.waitUntil(() => vi.getTimerCount() > 0)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await adding).toEqual(['tea', 'cake'])
})

test('a visit that has expired starts with an empty cart', async () => {
  const visit = service.store.sync.account('577089').namespace('shop').session('visit-2')
  visit.patch({ cart: ['tea'] }, { ttlSeconds: 3600 })
  service.clock.advanceSeconds(3600)
  expect(await addToCart('visit-2', 'cake')).toEqual(['cake'])
})
