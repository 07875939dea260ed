import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { JsonValue } from '@context-store/core'
import { seededNumbers } from '../seeded-numbers.ts'
import type { ClientLine, ClientOrder, ClientSettings } from './history-client.ts'
import type { CallPlace } from './random-calls.ts'
import type { SessionCall } from './session-call.ts'

/** A `URL` of any realm or library. */
export interface ModuleUrl {
  /** The whole URL. */
  readonly href: string
}

/** The options of `checkHistories` and `recordCalls`. */
export interface HistoryOptions {
  /**
   * The module whose default export opens the store: a function that gets `data` and returns a store, an array of stores,
   * or a promise of either. It must be JavaScript that Node can run directly; each process and thread imports it. The
   * storage must be empty.
   */
  readonly open: string | ModuleUrl
  /** The argument of that function, such as a path or a URL; JSON. */
  readonly data?: JsonValue | undefined
  /** How many processes make calls; default 2. */
  readonly processes?: number | undefined
  /** How many threads of this process make calls; default 2. */
  readonly threads?: number | undefined
  /** How many calls to make in total; default 2000. */
  readonly calls?: number | undefined
  /** How many processes to kill with SIGKILL at random moments; each is replaced. Default 0. */
  readonly kills?: number | undefined
  /**
   * Runs while the calls are made, for example to restart a server. The calls continue until it resolves, and may fail
   * meanwhile.
   */
  readonly during?: (() => Promise<void>) | undefined
  /** Repeats the same calls; how they overlap depends on the machine. Default: a random seed. */
  readonly seed?: number | undefined
}

/** A call of a history, as its store's process recorded it; JSON. */
export interface RecordedCall {
  /** The store that made it: the client, and the number of the store in it. */
  readonly store: string
  /** Whether the synchronous side made it. */
  readonly isSync: boolean
  /** The namespace. */
  readonly namespace: string
  /** The session; a call on the namespace affects all of them. */
  readonly session: string
  /** The call. */
  readonly call: SessionCall
  /** When it was made, in microseconds of the machine's monotonic clock. */
  readonly calledAt: number
  /** When it was answered, or failed; `undefined`: its process was killed first. */
  readonly endedAt?: number | undefined
  /** The outcome: answered, or that of the error; `unknown` if the process was killed. */
  readonly outcome: 'answered' | 'not-applied' | 'unknown'
  /** The answer. */
  readonly answer?: unknown
  /** The error, if the call failed. */
  readonly error?: RecordedError | undefined
}

/** A store's error. */
export interface RecordedError {
  /** Its code. */
  readonly code: string
  /** Its message. */
  readonly message: string
}

/** By how much the machine's clock may be set during a run, in milliseconds: less than the model tolerates. */
const mostClockChangeMs = 20

/**
 * Lets processes and threads make random calls, and records them without a check; `checkHistories` checks them too.
 *
 * @throws Error if the store cannot be opened, a client fails, or the machine's clock was set meanwhile
 */
export async function recordCalls(options: HistoryOptions): Promise<RecordedCall[]> {
  const clockBefore = clockOffsetMs()
  const run = new Run(options)
  try {
    await run.toEnd()
  } finally {
    await run.stop()
  }
  if (Math.abs(clockOffsetMs() - clockBefore) > mostClockChangeMs) {
    throw new Error("the machine's clock was set during the run, so expiry cannot be checked: run it again")
  }
  return run.calls()
}

/** A random seed for a run. */
export function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 31)
}

function clockOffsetMs(): number {
  return Date.now() - Number(process.hrtime.bigint() / 1000n) / 1000
}

/** Numbers the clients that this process starts, so that their names are unique and histories can be joined. */
let clients = 0

class Run {
  readonly #options: HistoryOptions
  readonly #seed: number
  readonly #clients: Client[] = []
  /** After how many answered calls a client is to be killed, the earliest last. */
  readonly #kills: number[]
  readonly #random: () => number
  #answered = 0
  #mayFinish = false
  #fail: (error: Error) => void = () => undefined

  constructor(options: HistoryOptions) {
    const { seed = newSeed(), kills = 0, calls = 2000 } = options
    this.#options = options
    this.#seed = seed
    this.#random = seededNumbers(seed)
    this.#kills = Array.from({ length: kills }, () => Math.floor(this.#random() * calls * 0.8)).sort(
      (a, b) => b - a,
    )
  }

  /** Runs all clients to their end. */
  async toEnd(): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject
    })
    await Promise.race([failed, this.#all()])
  }

  /** Ends the remaining clients of a failed run. */
  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()))
  }

  /** The history, in the order in which the calls were made. */
  calls(): RecordedCall[] {
    return this.#clients.flatMap((client) => client.calls()).sort((a, b) => a.calledAt - b.calledAt)
  }

  async #all(): Promise<void> {
    const { processes = 2, threads = 2, calls = 2000, during } = this.#options
    const share = Math.ceil(calls / (processes + threads))
    for (let count = 0; count < processes; count++) this.#add('process', share, 0)
    for (let count = 0; count < threads; count++) this.#add('thread', share, 0)
    await this.#every('ready')
    for (const client of this.#clients) client.send({ order: 'start' })
    await during?.()
    this.#mayFinish = true
    for (const client of this.#clients) client.send({ order: 'finish' })
    await this.#every('finished')
    const reader = this.#clients.find((client) => client.isAlive)
    reader?.send({ order: 'read', places: this.#places() })
    await reader?.reached('read')
    for (const client of this.#clients) client.send({ order: 'close' })
    await Promise.all(this.#clients.map((client) => client.ended))
  }

  /** Waits until every client has written this line or been killed. */
  async #every(line: 'ready' | 'finished'): Promise<void> {
    for (let index = 0; index < this.#clients.length; index++) await this.#clients[index]?.reached(line)
  }

  #add(kind: Client['kind'], calls: number, made: number): Client {
    const settings: ClientSettings = {
      client: `${kind === 'process' ? 'p' : 't'}${clients++}`,
      open: moduleAddress(this.#options.open),
      data: this.#options.data,
      seed: this.#seed,
      calls,
      made,
    }
    const client = new Client(kind, settings, this.#fail, () => this.#answer())
    this.#clients.push(client)
    return client
  }

  #answer(): void {
    this.#answered++
    const next = this.#kills.at(-1)
    if (next === undefined || this.#answered < next) return
    const alive = this.#clients.filter((client) => client.kind === 'process' && client.isWorking)
    const victim = alive[Math.floor(this.#random() * alive.length)]
    // If none is working now, the next answer tries again.
    if (victim === undefined) return
    this.#kills.pop()
    void this.#replace(victim)
  }

  async #replace(victim: Client): Promise<void> {
    const made = victim.made
    const client = this.#add(
      'process',
      Math.max(0, victim.settings.calls - made),
      victim.settings.made + made,
    )
    victim.kill()
    await Promise.all([victim.ended, client.reached('ready')])
    client.send({ order: 'start' })
    if (this.#mayFinish) client.send({ order: 'finish' })
  }

  #places(): CallPlace[] {
    const places = this.#clients
      .flatMap((client) => client.calls())
      .map(({ namespace, session }): [string, CallPlace] => [
        `${namespace} ${session}`,
        { namespace, session },
      ])
    return [...new Map(places).values()]
  }
}

/** A module's URL; a string without a scheme is a path. */
function moduleAddress(open: HistoryOptions['open']): string {
  if (typeof open !== 'string') return open.href
  return /^[a-z]+:/.test(open) ? open : pathToFileURL(open).href
}

/** The program of a client: it runs this package's own function. */
const program = `import(${JSON.stringify(import.meta.url)}).then(({ runHistoryClient }) => runHistoryClient())`

/** A process or thread that makes calls, as seen from the one that started it. */
class Client {
  readonly kind: 'process' | 'thread'
  readonly settings: ClientSettings
  /** Resolves when the process or thread has ended and every line of it has been read. */
  readonly ended: Promise<void>
  readonly #target: ChildProcess | Worker
  readonly #calls = new Map<string, RecordedCall>()
  readonly #reached = new Set<string>()
  readonly #waiting: { readonly line: string; readonly resolve: () => void }[] = []
  readonly #fail: (error: Error) => void
  readonly #onAnswer: () => void
  #isKilled = false
  #isClosing = false
  #isOver = false

  constructor(
    kind: Client['kind'],
    settings: ClientSettings,
    fail: (error: Error) => void,
    onAnswer: () => void,
  ) {
    this.kind = kind
    this.settings = settings
    this.#fail = fail
    this.#onAnswer = onAnswer
    if (kind === 'thread') {
      const worker = new Worker(program, { eval: true, workerData: settings, execArgv: [] })
      worker.on('message', (line: ClientLine) => this.#take(line))
      worker.on('error', fail)
      this.#target = worker
      this.ended = once(worker, 'exit').then(([code]) => this.#over(code))
    } else {
      const child = spawn(process.execPath, ['--eval', program, JSON.stringify(settings)], {
        stdio: ['pipe', 'inherit', 'inherit', 'pipe'],
      })
      // An order to a process that has just been killed may be lost.
      child.stdin?.on('error', () => undefined)
      child.on('error', fail)
      createInterface({ input: child.stdio[linesFrom] as Readable }).on('line', (line) => this.#parse(line))
      this.#target = child
      this.ended = once(child, 'close').then(([code]) => this.#over(code))
    }
  }

  /** How many calls it has made. */
  get made(): number {
    return this.#calls.size
  }

  /** Whether it has neither ended nor been killed. */
  get isAlive(): boolean {
    return !this.#isOver && !this.#isKilled
  }

  /** Whether it is making calls now. */
  get isWorking(): boolean {
    return this.isAlive && this.made > 0 && !this.#reached.has('finished')
  }

  /** Its calls, in order. */
  calls(): RecordedCall[] {
    return [...this.#calls.values()]
  }

  /** Sends it an order; does nothing if it has ended. */
  send(order: ClientOrder): void {
    if (!this.isAlive) return
    if (order.order === 'close') this.#isClosing = true
    if (this.#target instanceof Worker) this.#target.postMessage(order)
    else this.#target.stdin?.write(`${JSON.stringify(order)}\n`)
  }

  /** Resolves when it has written this line, or has ended or been killed. */
  reached(line: 'ready' | 'finished' | 'read'): Promise<void> {
    if (!this.isAlive || this.#reached.has(line)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ line, resolve }))
  }

  /** Kills it at once. */
  kill(): void {
    this.#isKilled = true
    if (this.#target instanceof Worker) void this.#target.terminate()
    else this.#target.kill('SIGKILL')
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  /** Kills it if it has not ended. */
  async end(): Promise<void> {
    if (!this.#isOver) this.kill()
    await this.ended
  }

  #parse(line: string): void {
    let parsed: ClientLine
    try {
      parsed = JSON.parse(line)
    } catch {
      // The truncated last line of a killed process: its call was not made, or its answer is not known.
      if (!this.#isKilled)
        this.#fail(new Error(`client ${this.settings.client} wrote an invalid line: ${line}`))
      return
    }
    this.#take(parsed)
  }

  #take(line: ClientLine): void {
    switch (line.line) {
      case 'call': {
        const { id, store, at, line: _, ...call } = line
        this.#calls.set(`${store} ${id}`, { ...call, store, calledAt: at, outcome: 'unknown' })
        break
      }
      case 'answer':
        this.#end(line, { outcome: 'answered', answer: line.answer })
        this.#onAnswer()
        break
      case 'error':
        this.#end(line, { outcome: line.outcome, error: { code: line.code, message: line.message } })
        break
      case 'failed':
        this.#fail(new Error(`client ${this.settings.client}: ${line.message}`))
        break
      default:
        this.#reached.add(line.line)
        for (const waiting of this.#waiting.filter((one) => one.line === line.line)) waiting.resolve()
    }
  }

  #end(
    { store, id, at }: { readonly store: string; readonly id: number; readonly at: number },
    end: Pick<RecordedCall, 'outcome' | 'answer' | 'error'>,
  ): void {
    const key = `${store} ${id}`
    const call = this.#calls.get(key)
    if (call !== undefined) this.#calls.set(key, { ...call, ...end, endedAt: at })
  }

  #over(code: unknown): void {
    this.#isOver = true
    for (const { resolve } of this.#waiting.splice(0)) resolve()
    if (!this.#isKilled && !this.#isClosing) {
      this.#fail(
        new Error(`client ${this.settings.client} ended with code ${code} in the middle of its calls`),
      )
    }
  }
}

/** The descriptor on which a process writes its lines. */
const linesFrom = 3
