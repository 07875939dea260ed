import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { installedProgram } from '../../../test/installed-program.ts'
import { serveApp } from '../src/serve-app.mjs'

const profile = mkdtempSync(join(tmpdir(), 'context-store-edge-app-'))
let app: Awaited<ReturnType<typeof serveApp>>
let browser: BrowserContext
let page: Page
beforeAll(async () => {
  app = await serveApp()
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: await installedProgram('chromium'),
    args: ['--no-sandbox', '--disable-gpu'],
    viewport: { width: 420, height: 560 },
  })
  page = await browser.newPage()
  await page.goto(app.url)
})
afterAll(async () => {
  await browser.close()
  await app.close()
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
})

const soon = { timeout: 30_000, interval: 50 }

/** The state that the page shows. With the variable SCREENSHOTS it is also kept as a picture in that folder. */
async function shows(state: string, words: string): Promise<void> {
  await vi.waitFor(async () => {
    const status = page.getByRole('status')
    expect(await status.getAttribute('data-state')).toBe(state)
    expect(await status.textContent()).toContain(words)
  }, soon)
  const folder = process.env.SCREENSHOTS
  if (folder !== undefined)
    await page.screenshot({ path: join(folder, `${state}-${words.slice(0, 12)}.png`) })
}

async function add(item: string): Promise<void> {
  await page.getByLabel('Item').fill(item)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByText(`× ${item}`).waitFor()
}

function sent(): object | undefined {
  return app.service.snapshot()['577089']?.visits?.['kiosk-1']
}

test('a visit is kept and sent, with a network and without', async () => {
  await add('tea')
  await shows('synced', 'All saved')
  expect(sent()).toEqual({ tea: { count: 1 } })

  app.service.fault({ reset: true, times: 1_000_000 })
  await add('cake')
  await shows('offline', 'No connection')
  expect(await page.locator('.unsent').allTextContents()).toEqual(['1 × cake'])
  await page.reload()
  await page.getByText('× cake').waitFor()
  await shows('offline', 'No connection')

  app.service.reset(app.service.snapshot())
  await page.getByRole('button', { name: 'Send now' }).click()
  await shows('synced', 'All saved')
  expect(sent()).toEqual({ tea: { count: 1 }, cake: { count: 1 } })

  app.refuse(413, 1)
  await add('a cupboard')
  await shows('synced', 'refused some of it')
  expect(await page.locator('.rejected').allTextContents()).toEqual(['1 × a cupboard'])
  await page.getByRole('button', { name: 'Try the refused ones again' }).click()
  await shows('synced', 'All saved')
  expect(await page.getByRole('button', { name: 'Try the refused ones again' }).isVisible()).toBe(false)
  expect(sent()).toMatchObject({ 'a cupboard': { count: 1 } })

  app.refuse(401, 1_000_000)
  await add('a lamp')
  await shows('unauthorized', 'sign in again')
})
