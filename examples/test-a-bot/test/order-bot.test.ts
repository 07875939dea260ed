import { interceptContextService } from '@context-store/rest/testing'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { answer } from '../src/order-bot.ts'

// The bot calls the real hosts, and the double answers: no port, no option in the bot, no network. If the bot requests
// a path that the service does not have, that request fails.
const service = interceptContextService({ onUnhandled: 'error' })
beforeEach(() => service.reset())
// Fails the test if a fault that it planned was not used: a mistake in the test or in the bot.
afterEach(() => service.assertDone())
afterEach(() => void vi.useRealTimers())
afterAll(() => service.close())

const sorry = 'Sorry, something is wrong here. Please say that again.'

test('three messages make an order, and nothing is left in the service', async () => {
  expect(await answer('c1', 'hello')).toBe('What would you like?')
  expect(await answer('c1', 'Tea')).toBe('Tea, and where shall it go?')
  expect(service.snapshot()).toEqual({ '577089': { orders: { c1: { step: 2, item: 'Tea' } } } })
  expect(await answer('c1', 'Oslo')).toBe('Tea goes to Oslo.')
  expect(service.snapshot()).toEqual({ '577089': { orders: {} } })
})

test('a conversation continues where another process left it', async () => {
  service.reset({ '577089': { orders: { c1: { step: 1 }, c2: { step: 2, item: 'Jam' } } } })
  expect(await answer('c2', 'Rome')).toBe('Jam goes to Rome.')
  expect(service.snapshot()).toEqual({ '577089': { orders: { c1: { step: 1 } } } })
})

test('the customer does not notice a single failure', async () => {
  service.fault({ status: 503, match: { method: 'PATCH' } })
  expect(await answer('c1', 'hello')).toBe('What would you like?')
  expect(service.requests).toMatchObject([{ status: 404 }, { status: 503 }, { status: 204 }])
})

test('the bot retries a busy service after `retry-after`, not before', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  service.fault({ status: 429, headers: { 'retry-after': '5' }, times: 2, match: { method: 'PATCH' } })
  const said = answer('c1', 'hello')
  await service.waitForRequest({ method: 'PATCH' })
  await vi.waitUntil(() => vi.getTimerCount() === 1)
  await vi.advanceTimersByTimeAsync(4999)
  expect(service.pendingFaults).toMatchObject([{ status: 429, times: 1 }])
  await vi.advanceTimersByTimeAsync(1)
  expect(await said).toBe(sorry)
  expect(service.pendingFaults).toEqual([])
})

test('a response that is lost after the write does not repeat the step', async () => {
  service.fault({ reset: true, afterEffect: true, match: { method: 'PATCH' } })
  expect(await answer('c1', 'hello')).toBe('What would you like?')
  expect(service.snapshot()).toEqual({ '577089': { orders: { c1: { step: 1 } } } })
})

test('if the service stays down, the bot says so, and nothing is lost', async () => {
  service.reset({ '577089': { orders: { c1: { step: 1 } } } })
  service.fault({ status: 500, rate: 1 })
  expect(await answer('c1', 'Tea')).toBe(sorry)
  expect(service.snapshot()).toEqual({ '577089': { orders: { c1: { step: 1 } } } })
})

test('an abandoned order expires after an hour', async () => {
  service.store.sync.account('577089').namespace('orders').create({ ttlSeconds: 3600 })
  await answer('c1', 'hello')
  service.clock.advanceSeconds(3600)
  expect(await answer('c1', 'Tea')).toBe('What would you like?')
})

test('the customer does not see the error for a replaced key', async () => {
  service.regenerateKey('577089')
  expect(await answer('c1', 'hello')).toBe(sorry)
  expect(service.requests).toMatchObject([{ status: 403 }, { status: 403 }])
})
