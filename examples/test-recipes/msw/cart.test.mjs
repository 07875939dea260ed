import { strict as assert } from 'node:assert'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { createContextService } from '@context-store/rest/testing'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { addToCart } from '../cart.mjs'

// Only MSW intercepts requests. It passes those for the vendor's hosts to the double.
const service = createContextService()
const server = setupServer(
  http.all('https://*.context.liveperson.net/*', ({ request }) => service.handle(request)),
  http.get('https://shop.example/price', () => HttpResponse.json({ price: 3 })),
)
before(() => server.listen({ onUnhandledRequest: 'error' }))
beforeEach(() => service.reset({ 577089: { shop: {} } }))
afterEach(() => service.assertDone())
after(async () => {
  server.close()
  await service.close()
})

test('`addToCart` adds an item to the cart, and MSW also mocks another host', async () => {
  const { price } = await (await fetch('https://shop.example/price')).json()
  assert.deepEqual(await addToCart('visit-1', `tea for ${price}`), ['tea for 3'])
  assert.deepEqual(service.snapshot(), { 577089: { shop: { 'visit-1': { cart: ['tea for 3'] } } } })
})

test('a broken connection makes `fetch` reject', async () => {
  service.fault({ reset: true, match: { method: 'PATCH' } })
  await assert.rejects(addToCart('visit-1', 'tea'))
})
