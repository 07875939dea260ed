import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startContextService } from '@context-store/rest/testing'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { installedProgram } from '../../../test/installed-program.ts'

// The runtimes have their own lockfile, so that `npm ci` of the project stays fast.
const cwd = fileURLToPath(new URL('runtimes', import.meta.url))
const bundles = mkdtempSync(join(tmpdir(), 'context-store-runtimes-'))

beforeAll(async () => {
  await build({
    entryPoints: ['client-program', 'main', 'worker'].map((name) => `${cwd}/${name}.mjs`),
    outdir: bundles,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
  })
  if (existsSync(`${cwd}/node_modules/deno`)) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd })
})
afterAll(() => rmSync(bundles, { recursive: true }))

interface Differences {
  /** Whether the host reports that nothing listens on a port; otherwise the outcome is unknown. */
  readonly knowsRefusal: boolean
  /** Whether the host itself resends a write if a connection breaks that it had used before. */
  readonly repeatsWrites: boolean
}

/** The expected results of the program. */
function found({ knowsRefusal, repeatsWrites }: Differences) {
  return {
    properties: 23,
    some: { name: 'Zoë 🙂', n1: 1 },
    ids: ['a/b?c#d'],
    lateAnswer: { code: 'unavailable', outcome: 'unknown' },
    refusedKey: { code: 'unauthorized', outcome: 'not-applied' },
    redirected: { code: 'corrupt', outcome: 'not-applied' },
    nobodyListens: { code: 'unavailable', outcome: knowsRefusal ? 'not-applied' : 'unknown' },
    lostAnswer: repeatsWrites ? {} : { code: 'unavailable', outcome: 'unknown' },
    afterLostAnswer: { value: 1 },
    halfAnswer: { code: 'unavailable', outcome: 'not-applied' },
    patchIf: { code: 'unsupported', outcome: 'not-applied' },
    writesThatArrived: repeatsWrites ? 2 : 1,
  }
}

test('in Node', async () => {
  const node = await results((program) => printed(process.execPath, program))
  expect(node).toEqual(found({ knowsRefusal: true, repeatsWrites: false }))
})

test('in Deno', async () => {
  const command = [`${cwd}/node_modules/deno/bin.cjs`, 'run', '--allow-net']
  const deno = await results((program) => printed(process.execPath, [...command, ...program]))
  expect(deno).toEqual(found({ knowsRefusal: false, repeatsWrites: true }))
})

test('in Bun', async () => {
  const command = `${cwd}/node_modules/@oven/bun-${process.platform}-${process.arch}/bin/bun`
  const bun = await results((program) => printed(command, ['run', ...program]))
  expect(bun).toEqual(found({ knowsRefusal: true, repeatsWrites: false }))
})

test('in workerd, where Cloudflare’s Workers run', async () => {
  const { Miniflare } = await import(`${cwd}/node_modules/miniflare/dist/src/index.js`)
  const script = readFileSync(join(bundles, 'worker.mjs'), 'utf8')
  const host = new Miniflare({ modules: true, script, compatibilityDate: '2026-01-01' })
  onTestFinished(() => host.dispose())
  const workerd = await results(async ([, urls]) => {
    const response = await host.dispatchFetch('http://worker/', { method: 'POST', body: urls })
    return response.json()
  })
  expect(workerd).toEqual(found({ knowsRefusal: false, repeatsWrites: false }))
})

test('in Chromium', async () => {
  const browser = await chromium.launch({
    executablePath: await installedProgram('chromium'),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  })
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  const program = readFileSync(join(bundles, 'client-program.mjs'))
  await page.goto(
    await urlOf((request, response) => {
      const isProgram = request.url === '/program.mjs'
      response.writeHead(200, { 'content-type': isProgram ? 'text/javascript' : 'text/html' })
      response.end(isProgram ? program : '')
    }),
  )
  const ofChromium = await results(([, urls]) =>
    page.evaluate(`import('/program.mjs').then(({ callService }) => callService(${urls}))`),
  )
  expect(ofChromium).toEqual(found({ knowsRefusal: false, repeatsWrites: true }))
})

/** The results of the program, run by `run`, and how many times the write with the lost answer arrived. */
async function results(run: (program: readonly [string, string]) => Promise<unknown>): Promise<object> {
  const { service, urls } = await servers()
  const results = await run([join(bundles, 'main.mjs'), JSON.stringify(urls)])
  const arrived = service.requests.filter(({ method, path }) => method === 'PATCH' && path.includes('/lost/'))
  return { ...(results as object), writesThatArrived: arrived.length }
}

/** The JSON that a command prints. */
async function printed(command: string, args: readonly string[]): Promise<unknown> {
  return JSON.parse((await promisify(execFile)(command, args)).stdout)
}

/** The servers that the program calls. */
async function servers() {
  const service = await startContextService({ keys: { '577089': 'secret' }, cors: '*' })
  onTestFinished(() => service.close())
  service.fault({ reset: true, afterEffect: true, match: { method: 'PATCH', path: '/lost/' } })
  service.fault({ halfBody: true, match: { method: 'GET', path: '/half/' } })
  const urls = {
    service: service.url,
    hanging: await urlOf(() => undefined),
    redirecting: await urlOf((request, response) => {
      const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }
      if (request.method === 'OPTIONS') response.writeHead(204, headers).end()
      else response.writeHead(307, { ...headers, location: `${service.url}${request.url}` }).end()
    }),
    refused: await urlOfNobody(),
  }
  return { service, urls }
}

async function urlOf(listener: RequestListener): Promise<string> {
  const server = await listening(listener)
  onTestFinished(() => void server.close().closeAllConnections())
  return urlAt(server)
}

async function urlOfNobody(): Promise<string> {
  const server = await listening(() => undefined)
  const url = urlAt(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}

async function listening(listener: RequestListener): Promise<Server> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function urlAt(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
