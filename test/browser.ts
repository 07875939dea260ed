import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { installedProgram } from './installed-program.ts'

/** A real browser with a profile on disk, and a server for pages that load a folder's `page.mjs`. */
export class Browser {
  readonly #pages: string
  readonly #profile = mkdtempSync(join(tmpdir(), 'context-store-chromium-'))
  #server: Server | undefined
  #context: BrowserContext | undefined

  /** @param pages - a folder with `page.mjs` and `worker.mjs` */
  constructor(pages: URL) {
    this.#pages = fileURLToPath(pages)
  }

  /** Bundles the pages and starts the browser. */
  async start(): Promise<void> {
    const { outputFiles } = await build({
      entryPoints: ['page', 'worker'].map((name) => join(this.#pages, `${name}.mjs`)),
      outdir: 'out',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      write: false,
    })
    const scripts = new Map(outputFiles.map(({ path, text }) => [path.replace(/^.*\//, '/'), text]))
    this.#server = createServer(({ url = '' }, response) => {
      const script = scripts.get(url.replace(/\?.*/, ''))
      const type = script === undefined ? 'text/html' : 'text/javascript'
      response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*' })
      response.end(script ?? '<!doctype html><script type="module" src="/page.mjs"></script>')
    })
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve))
    await this.launch()
  }

  /** Runs a program in a new tab; returns the lines that it printed. */
  async run(program: string): Promise<string[]> {
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: this.#pages },
      bundle: true,
      format: 'esm',
      write: false,
    })
    const page = await this.open()
    const printed: string[] = []
    page.on('console', (message) => printed.push(message.text()))
    await page.evaluate(`(async () => { ${outputFiles[0]?.text} })()`)
    await page.close()
    return printed
  }

  /** The origin of the pages. */
  get origin(): string {
    const address = this.#server?.address() as AddressInfo | undefined
    return `http://localhost:${address?.port}`
  }

  /** The browser's context. */
  get context(): BrowserContext {
    if (this.#context === undefined) throw new Error('the browser has not been started: call start first')
    return this.#context
  }

  /** Starts the browser on its profile; also starts it again after it has ended. */
  async launch(): Promise<void> {
    this.#context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: await installedProgram('chromium'),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    })
  }

  /** Kills every process of the browser; {@link Browser.launch} starts it again. */
  kill(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        if (command.includes(this.#profile)) process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It has already ended.
      }
    }
  }

  /** Opens a new tab in which `page.mjs` has defined `tools`. */
  async open(): Promise<Page> {
    const page = await this.context.newPage()
    await page.goto(this.origin)
    await page.waitForFunction('globalThis.tools !== undefined')
    return page
  }

  /** Stops the browser and the server, and deletes the profile. */
  async stop(): Promise<void> {
    await this.#context?.close()
    this.#server?.close().closeAllConnections()
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
