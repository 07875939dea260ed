import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { createContextService } from '@context-store/rest/testing'
import { chromium } from 'playwright-core'

// A page of another origin can call the service only if it sends CORS headers.
const service = createContextService({ cors: '*' })
let browser
let page
before(async () => {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})
beforeEach(async () => {
  service.reset({ 577089: { shop: {} } })
  page = await browser.newPage()
  await page.route('https://*.context.liveperson.net/**', toService)
  // The shop itself; in your project this would be your own server.
  await page.route('http://shop.test/*', (route) => {
    const isScript = route.request().url().endsWith('.mjs')
    const file = new URL(isScript ? '../cart.mjs' : 'page.html', import.meta.url)
    return route.fulfill({
      contentType: isScript ? 'text/javascript' : 'text/html',
      body: readFileSync(file),
    })
  })
  await page.goto('http://shop.test/')
})
afterEach(async () => {
  await page.close()
  service.assertDone()
})
after(() => browser.close())

/** Passes a request of the page to the double, and returns the response to the page. */
async function toService(route) {
  const sent = route.request()
  const request = new Request(sent.url(), {
    method: sent.method(),
    headers: await sent.allHeaders(),
    body: sent.postDataBuffer() ?? undefined,
  })
  try {
    const answer = await service.handle(request)
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    })
  } catch {
    // A fault that breaks the connection makes `handle` reject.
    await route.abort('connectionreset')
  }
}

test('a click adds tea to the cart', async () => {
  await page.getByRole('button').click()
  await page.getByText('tea', { exact: true }).waitFor()
  assert.deepEqual(service.snapshot(), { 577089: { shop: { 'visit-1': { cart: ['tea'] } } } })
})

test('the page reports a broken connection', async () => {
  service.fault({ reset: true, match: { method: 'PATCH' } })
  await page.getByRole('button').click()
  await page.getByText('Try again later').waitFor()
  assert.deepEqual(service.snapshot(), { 577089: { shop: {} } })
})
