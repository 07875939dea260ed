import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { installedProgram } from '../../../test/installed-program.ts'

const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url))
const profile = mkdtempSync(join(tmpdir(), 'context-store-edge-app-'))
let app: ChildProcess
let said: Interface
let service: string
let browser: BrowserContext
let page: Page
beforeAll(async () => {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, PORT: '0' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  app = child
  said = createInterface({ input: child.stdout })
  const [line] = (await once(said, 'line')) as [string]
  const [shop = '', there = ''] = line.match(/http:[^,. ]+(\.[^,. ]+)*/g) ?? []
  service = there
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: await installedProgram('chromium'),
    args: ['--no-sandbox', '--disable-gpu'],
    viewport: { width: 420, height: 560 },
  })
  page = await browser.newPage()
  await page.goto(shop)
})
afterAll(async () => {
  await browser.close()
  app.kill()
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
})

/** Enters a command of the README. */
async function enter(command: string): Promise<void> {
  app.stdin?.write(`${command}\n`)
  for (let line = ''; line !== 'done'; ) [line] = (await once(said, 'line')) as [string]
}

const soon = { timeout: 30_000, interval: 50 }

/** Waits until the page shows a state. If the environment variable SCREENSHOTS names a folder, a screenshot is saved in it. */
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

async function sent(): Promise<unknown> {
  const headers = { 'maven-api-key': 'any' }
  const answer = await fetch(`${service}/v1/account/577089/visits/kiosk-1/properties`, { headers })
  return answer.json()
}

test('a visit is stored and sent, with and without a network', async () => {
  await add('tea')
  await shows('synced', 'All saved')
  expect(await sent()).toEqual({ tea: { count: 1 } })

  await enter('off')
  await add('cake')
  await shows('offline', 'No connection')
  expect(await page.locator('.unsent').allTextContents()).toEqual(['1 × cake'])
  await page.reload()
  await page.getByText('× cake').waitFor()
  await shows('offline', 'No connection')

  await enter('on')
  await page.getByRole('button', { name: 'Send now' }).click()
  await shows('synced', 'All saved')
  expect(await sent()).toEqual({ tea: { count: 1 }, cake: { count: 1 } })

  await enter('refuse')
  await add('a cupboard')
  await shows('synced', 'refused some of it')
  expect(await page.locator('.rejected').allTextContents()).toEqual(['1 × a cupboard'])
  await enter('on')
  await page.getByRole('button', { name: 'Retry the refused ones' }).click()
  await shows('synced', 'All saved')
  expect(await page.getByRole('button', { name: 'Retry the refused ones' }).isVisible()).toBe(false)
  expect(await sent()).toMatchObject({ 'a cupboard': { count: 1 } })

  await enter('sign-out')
  await add('a lamp')
  await shows('unauthorized', 'sign in again')
})
