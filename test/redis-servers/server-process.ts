import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createClient } from '@keyv/redis'
import { findRedisServer } from './find-server.ts'

/** Options of {@link startServer}. */
export interface ServerOptions {
  /** The lines of its configuration file, in the format of redis.conf. */
  readonly config: readonly string[]
  /** Default: a free port. */
  readonly port?: number | undefined
  /** Additional arguments after the configuration file. */
  readonly args?: readonly string[] | undefined
  /** The text that it logs once it is ready. */
  readonly readyText: string
  /** For {@link RedisServer.command}. */
  readonly password?: string | undefined
}

/** Options of {@link RedisServer.restart}. */
export interface RestartOptions {
  /** Lines to add to its configuration file. */
  readonly config?: readonly string[]
  /** The text to wait for in its log. Default: `readyText`. */
  readonly until?: string
}

/** A redis-server that listens only on 127.0.0.1, with its own folder. */
export interface RedisServer {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly url: string
  /** The process id of the running process, or of the last one. */
  readonly pid: number
  readonly isRunning: boolean
  /** Sends a command over a new connection; rejects if the server replies with an error or does not answer. */
  command(...args: (string | Buffer)[]): Promise<unknown>
  /** Like {@link RedisServer.command}, with strings in the reply as bytes. */
  bytes(...args: (string | Buffer)[]): Promise<unknown>
  /** Resolves once a line with `text` is in the log of the running process. */
  logged(text: string): Promise<void>
  /** Ends the process, and resolves once it has ended. Data on disk stays. SIGTERM lets it shut down cleanly. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** Starts it again, on the same port and with its data on disk. Kills it first if it is running. */
  restart(options?: RestartOptions): Promise<void>
  /** Freezes the process: connections stay open, but nothing is answered. */
  pause(): void
  /** Continues a frozen process. */
  resume(): void
  /** Kills it and deletes its folder. */
  stop(): Promise<void>
}

/** Another process listens on the port; another port may be free. */
class PortTaken extends Error {}

let keeper: ChildProcess | undefined

/** Starts a server, on a free port unless the options name one. */
export async function startServer(options: ServerOptions): Promise<RedisServer> {
  const executable = await findRedisServer()
  for (let tries = 1; ; tries++) {
    const server = new ServerProcess(executable, options, options.port ?? somePort())
    try {
      await server.restart()
      return server
    } catch (error) {
      await server.stop()
      if (!(error instanceof PortTaken) || options.port !== undefined || tries === 50) throw error
    }
  }
}

/** A port below those that Linux uses for outgoing connections; so is the port of the Cluster bus, 10,000 higher. */
function somePort(): number {
  return 11_000 + Math.floor(Math.random() * 11_000)
}

function keep(line: string): void {
  if (keeper === undefined) {
    const script = fileURLToPath(new URL('keeper.mjs', import.meta.url))
    keeper = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    keeper.unref()
    if (keeper.stdin !== null && 'unref' in keeper.stdin && typeof keeper.stdin.unref === 'function') {
      keeper.stdin.unref()
    }
  }
  keeper.stdin?.write(`${line}\n`)
}

class ServerProcess implements RedisServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly url: string
  readonly #executable: string
  readonly #options: ServerOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'context-store-redis-'))
  #child: ChildProcess | undefined
  #log: string[] = []
  #onLine = new Set<() => void>()

  constructor(executable: string, options: ServerOptions, port: number) {
    this.port = port
    this.url = `redis://${options.password === undefined ? '' : `:${options.password}@`}127.0.0.1:${port}`
    this.#executable = executable
    this.#options = options
    const own = [`port ${port}`, 'bind 127.0.0.1', `dir "${this.#folder}"`, 'daemonize no']
    writeFileSync(this.#configFile, [...own, ...options.config, ''].join('\n'))
  }

  get #configFile(): string {
    return join(this.#folder, 'server.conf')
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  async restart({ config = [], until = this.#options.readyText }: RestartOptions = {}): Promise<void> {
    await this.kill()
    if (config.length > 0) appendFileSync(this.#configFile, [...config, ''].join('\n'))
    const log: string[] = []
    this.#log = log
    const child = spawn(this.#executable, [this.#configFile, ...(this.#options.args ?? [])], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    if (child.pid !== undefined) keep(`${child.pid} ${this.#folder}`)
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log.push(line)
        for (const look of this.#onLine) look()
      })
    }
    child.once('close', () => {
      if (child === this.#child) keep(`0 ${this.#folder}`)
      for (const look of this.#onLine) look()
    })
    await this.logged(until)
  }

  logged(text: string): Promise<void> {
    const log = this.#log
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const isThere = log.some((line) => line.includes(text))
        if (!isThere && this.isRunning) return
        this.#onLine.delete(look)
        if (isThere) resolve()
        else if (log.some((line) => /address already in use|failed listening/i.test(line))) {
          reject(new PortTaken(`port ${this.port} is in use`))
        } else reject(new Error(`redis-server ended before it logged "${text}":\n${log.join('\n')}`))
      }
      this.#onLine.add(look)
      look()
    })
  }

  command(...args: (string | Buffer)[]): Promise<unknown> {
    return this.#send(args, false)
  }

  bytes(...args: (string | Buffer)[]): Promise<unknown> {
    return this.#send(args, true)
  }

  async #send(args: (string | Buffer)[], asBytes: boolean): Promise<unknown> {
    const client = createClient({
      url: this.url,
      disableClientInfo: true,
      socket: { reconnectStrategy: false, connectTimeout: 10_000 },
    })
    // Errors reject the call below; without a listener they would also end the process.
    client.on('error', () => {})
    await client.connect()
    try {
      // 36 is '$', the type of Redis's strings.
      return await client.sendCommand(args, asBytes ? { typeMapping: { 36: Buffer } } : {})
    } finally {
      if (client.isOpen) client.destroy()
    }
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined || !this.isRunning) return
    const ended = once(child, 'close')
    child.kill(signal)
    this.resume()
    await ended
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    // SIGKILL, so that it does not write data that is deleted next.
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
    keep(`gone ${this.#folder}`)
  }
}
