import { interceptContextService } from '@context-store/rest/testing'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addToCart } from '../cart.mjs'

const service = interceptContextService({ onUnhandled: 'error' })
beforeEach(() => service.reset({ 577089: { shop: { 'visit-1': { cart: ['tea'] } } } }))
afterEach(() => service.assertDone())
afterEach(() => void vi.useRealTimers())
afterAll(() => service.close())

test('an item is put into the cart', async () => {
  expect(await addToCart('visit-1', 'cake')).toEqual(['tea', 'cake'])
  expect(service.snapshot()).toEqual({ 577089: { shop: { 'visit-1': { cart: ['tea', 'cake'] } } } })
})

test('a busy service is asked again when it said', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  service.fault({ status: 429, headers: { 'retry-after': '60' }, match: { method: 'PATCH' } })
  const adding = addToCart('visit-1', 'cake')
  await service.waitForRequest({ method: 'PATCH' })
  await vi.waitUntil(() => vi.getTimerCount() > 0)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await adding).toEqual(['tea', 'cake'])
})

test('a visit that is over begins with an empty cart', async () => {
  const visit = service.store.sync.account('577089').namespace('shop').session('visit-2')
  visit.patch({ cart: ['tea'] }, { ttlSeconds: 3600 })
  service.clock.advanceSeconds(3600)
  expect(await addToCart('visit-2', 'cake')).toEqual(['cake'])
})
