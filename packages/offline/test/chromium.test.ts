import { type ContextServiceDouble, startContextService } from '@context-store/rest/testing'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { Browser } from '../../../test/browser.ts'

const browser = new Browser(new URL('pages', import.meta.url))
let double: ContextServiceDouble
beforeAll(async () => {
  await browser.start()
  double = await startContextService({ cors: browser.origin })
})
afterAll(async () => {
  await browser.stop()
  await double.close()
})

/** A new tab with a store, closed after the test. */
async function tab(name: string, options = {}): Promise<Page> {
  const page = await browser.open()
  onTestFinished(() => page.close())
  await tool(page, 'open', name, double.url, options)
  return page
}

/** Calls a function of `pages/page.mjs` in a tab. */
function tool(page: Page, name: string, ...args: readonly (string | number | object)[]): Promise<unknown> {
  return page.evaluate(`tools.${name}(...${JSON.stringify(args)})`)
}

/** A session of the tests, as stored in the service. */
function there(session: string): object | undefined {
  return double.snapshot().a?.shop?.[session]
}

const soon = { timeout: 30_000, interval: 50 }

test('two tabs and a worker write without a network, and send by themselves when it is back', async () => {
  const [one, two] = [await tab('shared'), await tab('shared')]
  await tool(one, 'startWorker')
  onTestFinished(() => browser.context.setOffline(false))
  await browser.context.setOffline(true)
  await Promise.all([
    tool(one, 'write', 'shared', 20, 'one'),
    tool(two, 'write', 'shared', 20, 'two'),
    tool(one, 'writeInWorker', 'shared', double.url, 20, 'worker'),
  ])
  await vi.waitFor(async () => expect(await tool(one, 'status')).toMatchObject({ state: 'offline' }), soon)
  expect(there('shared')).toBeUndefined()
  await browser.context.setOffline(false)
  await vi.waitFor(() => expect(there('shared')).toMatchObject({ one: 19, two: 19, worker: 19 }), soon)
  await vi.waitFor(async () => expect(await tool(one, 'status')).toMatchObject({ state: 'synced' }), soon)
  expect(there('shared')).toEqual(await tool(two, 'all', 'shared'))
})

test('a page that is closed while it sends, and opened again, sends the rest', async () => {
  const page = await browser.open()
  await tool(page, 'open', 'closed', double.url, {})
  double.reset(double.snapshot())
  double.fault({ delayMs: 60_000, match: { method: 'PATCH' } })
  await tool(page, 'write', 'closed', 10, 'own')
  await double.waitForRequest({ method: 'PATCH' })
  await page.close()
  expect(there('closed')).toBeUndefined()
  await tab('closed')
  await vi.waitFor(() => expect(there('closed')).toEqual({ own: 9, shared: 'own 9' }), soon)
})

test('a service worker sends what a page has written when the browser fires a sync event', async () => {
  const page = await tab('synced', { push: 'manual' })
  const session = await browser.context.newCDPSession(page)
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId, isDeleted } of registrations) if (!isDeleted) resolve(registrationId)
    })
  })
  await session.send('ServiceWorker.enable')
  await tool(page, 'registerServiceWorker', double.url)
  await tool(page, 'write', 'synced', 3, 'own')
  expect(there('synced')).toBeUndefined()
  // Background Sync, as implemented in Chromium.
  await session.send('ServiceWorker.dispatchSyncEvent', {
    origin: browser.origin,
    registrationId: await registered,
    tag: 'synced',
    lastChance: false,
  })
  await vi.waitFor(() => expect(there('synced')).toEqual({ own: 2, shared: 'own 2' }), soon)
  expect(await tool(page, 'flush')).toMatchObject({ state: 'synced', pending: 0 })
})
