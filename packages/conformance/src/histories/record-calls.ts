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

/** A `URL`, of whatever realm and library. */
export interface ModuleUrl {
  /** The whole URL. */
  readonly href: string
}

/** What `checkHistories` runs. */
export interface HistoryOptions {
  /**
   * The module whose default export opens the store: a function that gets `data` and returns a store, or an array of stores, or a promise of either.
   * Plain JavaScript that Node runs as it is; each process and each thread imports it. The storage must be empty.
   */
  readonly open: string | ModuleUrl
  /** What that function gets, such as a path or a URL; JSON. */
  readonly data?: JsonValue | undefined
  /** How many processes run calls; default 2. */
  readonly processes?: number | undefined
  /** How many threads of this process do; default 2. */
  readonly threads?: number | undefined
  /** How many calls to make in all; default 2000. */
  readonly calls?: number | undefined
  /** How many processes to end with SIGKILL at random calls; another takes the place of each. Default 0. */
  readonly kills?: number | undefined
  /**
   * Runs beside the calls, which go on until it resolves: to stop and start a server, say. Calls may fail meanwhile.
   */
  readonly during?: (() => Promise<void>) | undefined
  /** Makes the same calls again; how they overlap is up to the machine. Default: a random one. */
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
  /** The session; a call on the namespace concerns all. */
  readonly session: string
  /** The call. */
  readonly call: SessionCall
  /** When it was made, in microseconds of the machine's monotonic clock. */
  readonly calledAt: number
  /** When it was answered, or failed; `undefined`: its process was killed before. */
  readonly endedAt?: number | undefined
  /** What came of it: an answer, an error that says whether it happened, or nothing because its process was killed. */
  readonly outcome: 'answered' | 'not-applied' | 'unknown'
  /** The answer. */
  readonly answer?: unknown
  /** The error, where there was one. */
  readonly error?: RecordedError | undefined
}

/** What a store's error said. */
export interface RecordedError {
  /** Its code. */
  readonly code: string
  /** Its message. */
  readonly message: string
}

/** How far the machine's clock may be set during a run, in milliseconds: less than the model tolerates. */
const mostClockChangeMs = 20

/**
 * Lets processes and threads make random calls, and records them. `checkHistories` checks them too.
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
    throw new Error(
      "the machine's clock was set during the run, so that expiry cannot be judged: run it again",
    )
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

/** Clients get a name of their own in each process that starts some, so that histories may be joined. */
let clients = 0

class Run {
  readonly #options: HistoryOptions
  readonly #seed: number
  readonly #clients: Client[] = []
  /** The calls that were answered when a client is to be killed, the earliest last. */
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

  /** Runs all there is to run. */
  async toEnd(): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject
    })
    await Promise.race([failed, this.#all()])
  }

  /** Ends what is left of a run that failed. */
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

  /** Waits until every client that is not killed meanwhile has come so far. */
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
    // If none works at this moment, the next answer has another chance.
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

/** A module's address; a path is one of this machine. */
function moduleAddress(open: HistoryOptions['open']): string {
  if (typeof open !== 'string') return open.href
  return /^[a-z]+:/.test(open) ? open : pathToFileURL(open).href
}

/** What a client runs: this package's own function. */
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
      // An order to a process that has just been killed is lost, and that is all.
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

  /** Whether it makes calls at this moment. */
  get isWorking(): boolean {
    return this.isAlive && this.made > 0 && !this.#reached.has('finished')
  }

  /** What it did, in the order of its calls. */
  calls(): RecordedCall[] {
    return [...this.#calls.values()]
  }

  /** Tells it something; nothing if it has ended. */
  send(order: ClientOrder): void {
    if (!this.isAlive) return
    if (order.order === 'close') this.#isClosing = true
    if (this.#target instanceof Worker) this.#target.postMessage(order)
    else this.#target.stdin?.write(`${JSON.stringify(order)}\n`)
  }

  /** Resolves when it has said so, or has been killed. */
  reached(line: 'ready' | 'finished' | 'read'): Promise<void> {
    if (!this.isAlive || this.#reached.has(line)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ line, resolve }))
  }

  /** Ends it in the middle of what it does. */
  kill(): void {
    this.#isKilled = true
    if (this.#target instanceof Worker) void this.#target.terminate()
    else this.#target.kill('SIGKILL')
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  /** Ends it if it has not ended. */
  async end(): Promise<void> {
    if (!this.#isOver) this.kill()
    await this.ended
  }

  #parse(line: string): void {
    let parsed: ClientLine
    try {
      parsed = JSON.parse(line)
    } catch {
      // The last line of a killed process, cut off: its call was not made, or its answer is not known.
      if (!this.#isKilled)
        this.#fail(new Error(`client ${this.settings.client} wrote no line of a history: ${line}`))
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
