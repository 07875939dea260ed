import { readFileSync } from 'node:fs'
import { testContextStore } from '@context-store/conformance'
import { indexedDbStore } from '@context-store/indexeddb'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Browser } from '../../../test/browser.ts'

const pages = new URL('pages', import.meta.url)
const browser = new Browser(pages)
beforeAll(() => browser.start())
afterAll(() => browser.stop())

/** A new tab, closed after the test. */
async function tab(): Promise<Page> {
  const page = await browser.open()
  onTestFinished(() => page.close())
  return page
}

/** Calls a function of `pages/page.mjs` in a tab. */
function tool(page: Page, name: string, ...args: readonly (string | number | object)[]): Promise<unknown> {
  return page.evaluate(`tools.${name}(...${JSON.stringify(args)})`)
}

test('the snippet of the README runs in a page', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [, snippet = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  const [, said] = /console\.log\(.*?\) \/\/ (.*)/.exec(snippet) ?? []
  const shown = snippet.replace(/console\.log\((.*)\)/, 'console.log(JSON.stringify($1))')
  expect(await browser.run(shown)).toEqual([said?.replace(/(\w+):/g, '"$1":').replaceAll(' ', '')])
})

test('if the storage is full, a write is unavailable and not applied in part', async () => {
  // A separate browser: one that has stored data takes half a minute to notice the new quota.
  const small = new Browser(pages)
  onTestFinished(() => small.stop())
  await small.start()
  const page = await small.open()
  const session = await small.context.newCDPSession(page)
  await session.send('Storage.overrideQuotaForOrigin', { origin: small.origin, quotaSize: 4_000_000 })
  const full = { code: 'unavailable', outcome: 'not-applied', message: expect.stringContaining('is full') }
  const found = (await tool(page, 'fill', 'full')) as { written: number }
  expect(found).toMatchObject({ failed: full, both: full, left: found.written, read: 300_000 })
  expect(found.written).toBeGreaterThan(0)
})

test('two tabs, a worker and a service worker lose no write to one session', async () => {
  const [one, two] = [await tab(), await tab()]
  await Promise.all([
    tool(one, 'count', 'shared', 25, 'one'),
    tool(two, 'count', 'shared', 25, 'two'),
    tool(one, 'worker', 'shared', 25, 'worker'),
    tool(two, 'serviceWorker', 'shared', 25, 'service worker'),
  ])
  const all = await tool(one, 'all', 'shared')
  expect(all).toMatchObject({ n: 100, 'one 24': 24, 'two 24': 24, 'worker 24': 24, 'service worker 24': 24 })
  expect(Object.keys(all as object)).toHaveLength(101)
})

test.each([
  ['a page is closed', (page: Page) => page.close()],
  ['a page crashes', (page: Page) => void page.goto('chrome://crash').catch(() => undefined)],
  [
    'the browser is killed',
    async () => {
      browser.kill()
      await browser.launch()
    },
  ],
])('acknowledged writes survive if %s', async (what, end) => {
  const page = await browser.open()
  let last = 0
  const enough = new Promise<void>((resolve) => {
    page
      .exposeFunction('acknowledged', (n: number) => {
        last = n
        if (n === 30) resolve()
      })
      .then(() => tool(page, 'patchForEver', what))
      .catch(() => undefined)
  })
  await enough
  await end(page)
  const found = (await tool(await tab(), 'all', what)) as { n: number }
  expect(found.n).toBeGreaterThanOrEqual(last)
  // Each patch is all or nothing.
  expect(found).toHaveProperty(`p${found.n % 50}`)
})

test('another tab may delete the database, and the next call creates a new one', async () => {
  const [one, two] = [await tab(), await tab()]
  await tool(one, 'patch', 'deleted', { a: 1 })
  expect(await tool(two, 'deleteDatabase', 'deleted')).toBe('deleted')
  expect(await tool(one, 'get', 'deleted')).toEqual({ value: {} })
  expect(await tool(one, 'patch', 'deleted', { b: 2 })).toEqual({})
  expect(await tool(two, 'get', 'deleted')).toEqual({ value: { b: 2 } })
})

test('another tab may upgrade the database; it is then refused and left as it is', async () => {
  const [one, two] = [await tab(), await tab()]
  await tool(one, 'patch', 'upgraded', { a: 1 })
  await tool(two, 'foreignDatabase', 'upgraded', 7)
  const corrupt = {
    code: 'corrupt',
    outcome: 'not-applied',
    message: expect.stringContaining('left as it is'),
  }
  expect(await tool(one, 'get', 'upgraded')).toEqual(corrupt)
  expect(await tool(one, 'patch', 'upgraded', { a: 2 })).toEqual(corrupt)
  expect(await tool(two, 'foreignValue', 'upgraded')).toMatchObject({ value: 'kept', version: 7 })
})

test('a database of another program is refused and left as it is', async () => {
  const page = await tab()
  await tool(page, 'foreignDatabase', 'theirs', 1)
  expect(await tool(page, 'ready', 'theirs')).toMatchObject({ code: 'corrupt' })
  expect(await tool(page, 'patch', 'theirs', { a: 1 })).toMatchObject({ code: 'corrupt' })
  expect(await tool(page, 'foreignValue', 'theirs')).toEqual({
    value: 'kept',
    version: 1,
    stores: ['theirs'],
  })
})

test('an opaque origin is unavailable, and the message says why', async () => {
  const page = await tab()
  await page.setContent(
    `<iframe sandbox="allow-scripts" srcdoc="<script type=module crossorigin src=${browser.origin}/page.mjs></script>">`,
  )
  const frame = page.frames().find((each) => each !== page.mainFrame())
  await frame?.waitForFunction('globalThis.tools !== undefined')
  expect(await frame?.evaluate("tools.patch('opaque', { a: 1 })")).toEqual({
    code: 'unavailable',
    outcome: 'not-applied',
    message: expect.stringContaining('opaque'),
  })
})

describe('the conformance kit', () => {
  let page: Page
  beforeAll(async () => {
    page = await browser.open()
  })
  afterAll(() => page.close())

  // The names are those of the kit; each case runs in the page.
  testContextStore({
    test: (name) => test(name, async () => expect(await tool(page, 'kitCase', name)).toBe('')),
    name: 'IndexedDB in Chromium',
    create: () => indexedDbStore({ name: 'not opened here' }),
  })
})
