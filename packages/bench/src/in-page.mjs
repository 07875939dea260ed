// Measures in a Chromium page, with a profile on disk. The page defines `measure(pace)`.
import { createServer } from 'node:http'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { freePort } from './processes.mjs'
import { temporaryFolder } from './temporary.mjs'

export async function measureInPage(page, { pace, progress }) {
  const { outputFiles } = await build({ entryPoints: [page], bundle: true, format: 'esm', write: false })
  const port = await freePort()
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end(`<!doctype html><script type="module">${outputFiles[0].text}</script>`)
  }).listen(port, '127.0.0.1')
  const browser = await chromium.launchPersistentContext(temporaryFolder(), {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  })
  try {
    const tab = await browser.newPage()
    await tab.exposeFunction('progress', progress)
    await tab.goto(`http://localhost:${port}/`)
    await tab.waitForFunction('globalThis.measure !== undefined')
    return await tab.evaluate(`measure(${JSON.stringify(pace)})`)
  } finally {
    await browser.close()
    server.close()
  }
}
