import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { type ContextStore, ContextStoreError, type HasSync, type Session } from '@context-store/core'
import { traitsOf } from '@context-store/core/adapter'
import { asyncView } from '../async-view.ts'
import { seededNumbers } from '../seeded-numbers.ts'
import { type CallPlace, type PlacedCall, RandomCalls } from './random-calls.ts'
import { perform } from './session-call.ts'

/** The settings that a client gets at its start. */
export interface ClientSettings {
  /** The client's unique name. */
  readonly client: string
  /** The URL of the module that opens the store. */
  readonly open: string
  /** The argument of that module's function. */
  readonly data: unknown
  readonly seed: number
  /** How many calls to make. */
  readonly calls: number
  /** How many calls were made by the killed client that this one replaces. */
  readonly made: number
}

/** An order to a running client. */
export type ClientOrder =
  | { readonly order: 'start' }
  /** Stop after the requested number of calls. */
  | { readonly order: 'finish' }
  /** Read these sessions. */
  | { readonly order: 'read'; readonly places: readonly CallPlace[] }
  | { readonly order: 'close' }

/** A line that a client writes: before each call, after it, and to report progress to the parent. */
export type ClientLine =
  | { readonly line: 'ready' | 'finished' | 'read' }
  | (LineOfCall & PlacedCall & { readonly line: 'call'; readonly isSync: boolean })
  | (LineOfCall & { readonly line: 'answer'; readonly answer?: unknown })
  | (LineOfCall & {
      readonly line: 'error'
      readonly outcome: 'unknown' | 'not-applied'
      readonly code: string
      readonly message: string
    })
  /** The client cannot continue. */
  | { readonly line: 'failed'; readonly message: string }

interface LineOfCall {
  readonly store: string
  /** The number of the call within its store. */
  readonly id: number
  /** Microseconds. */
  readonly at: number
}

/** The account of every session of a history. */
const account = 'histories'

/** The maximum number of pending calls of a client; the actual limit varies from call to call. */
const mostUnderWay = 6

/** How long a client pauses halfway, so that sessions with a TTL of one second can expire. */
const pauseMs = 1_200

/** A client with fewer calls does not pause: all of its calls would take less time than the pause. */
const fewestCallsToPause = 200

/**
 * Runs a client of `checkHistories` in the process or thread that was started for it.
 *
 * @internal
 */
export async function runHistoryClient(): Promise<void> {
  const isThread = parentPort !== null
  const settings: ClientSettings = isThread ? workerData : JSON.parse(process.argv.at(-1) ?? '')
  // A line has reached the parent or the pipe before the call is made, so it survives if this process is killed.
  const write = (line: ClientLine): void => {
    if (parentPort !== null) parentPort.postMessage(line)
    else writeWhole(`${JSON.stringify(line)}\n`)
  }
  const client = new HistoryClient(settings, write)
  const receive = (order: ClientOrder): void => {
    client.obey(order).catch((error: unknown) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      write({ line: 'failed', message })
    })
  }
  if (parentPort !== null) parentPort.on('message', receive)
  else receiveLines(receive)
  await client
    .open()
    .catch((error: unknown) => write({ line: 'failed', message: `cannot open the store: ${error}` }))
}

/** The file descriptor that the parent reads; not stdout, to which a store may print. */
const linesTo = 3

function writeWhole(text: string): void {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length; ) written += writeSync(linesTo, bytes, written)
}

/** Passes on each order of the parent; exits when the parent has ended. */
function receiveLines(receive: (order: ClientOrder) => void): void {
  let rest = ''
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) receive(JSON.parse(line))
  })
  process.stdin.on('end', () => process.exit())
}

class HistoryClient {
  readonly #settings: ClientSettings
  readonly #write: (line: ClientLine) => void
  #stores: readonly StoreClient[] = []

  constructor(settings: ClientSettings, write: (line: ClientLine) => void) {
    this.#settings = settings
    this.#write = write
  }

  /** Opens the stores. */
  async open(): Promise<void> {
    const { open, data } = this.#settings
    const module: { readonly default: (data: unknown) => unknown } = await import(open)
    const opened = await module.default(data)
    const stores = (Array.isArray(opened) ? opened : [opened]) as ContextStore[]
    this.#stores = stores.map((store, index) => new StoreClient(store, index, this.#settings, this.#write))
    for (const store of stores) await store.ready()
    this.#write({ line: 'ready' })
  }

  /** Carries out an order of the parent. */
  async obey(order: ClientOrder): Promise<void> {
    switch (order.order) {
      case 'start':
        await Promise.all(
          this.#stores.map((store) => store.work(Math.ceil(this.#settings.calls / this.#stores.length))),
        )
        this.#write({ line: 'finished' })
        break
      case 'finish':
        for (const store of this.#stores) store.mayFinish = true
        break
      case 'read':
        for (const place of order.places) await this.#stores[0]?.make({ ...place, call: { does: 'getAll' } })
        this.#write({ line: 'read' })
        break
      case 'close':
        for (const { store } of this.#stores) await store.close()
        if (parentPort === null) process.exit()
        parentPort.close()
    }
  }
}

/** Makes the calls on one store. */
class StoreClient {
  readonly store: ContextStore
  /** Whether it may stop after the requested number of calls. */
  mayFinish = false
  readonly #write: (line: ClientLine) => void
  readonly #random: () => number
  readonly #calls: RandomCalls
  readonly #name: string
  readonly #expires: boolean
  readonly #sides: readonly ContextStore[]
  /** Handles by side and address, so that some calls use an old handle. */
  readonly #handles = new Map<string, Session>()
  #ids = 0

  constructor(
    store: ContextStore,
    index: number,
    { seed, client, made }: ClientSettings,
    write: (line: ClientLine) => void,
  ) {
    const { cannot } = traitsOf(store)
    this.store = store
    this.#write = write
    this.#name = `${client}.${index}`
    this.#random = seededNumbers(seedOf(`${seed} ${this.#name}`))
    this.#calls = new RandomCalls(this.#random, this.#name, made, (can) => cannot[can] === undefined)
    this.#expires = cannot['time-to-live'] === undefined
    this.#sides = 'sync' in store ? [store, asyncView((store as ContextStore & HasSync).sync)] : [store]
  }

  /** Makes this many random calls, and more until it may finish. */
  async work(calls: number): Promise<void> {
    const underWay = new Set<Promise<void>>()
    for (let count = 0; count < calls || !this.mayFinish; count++) {
      if (this.#expires && calls >= fewestCallsToPause && count === Math.floor(calls / 2)) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
      const done = this.make(this.#calls.next())
      underWay.add(done)
      void done.finally(() => underWay.delete(done))
      if (this.#random() < 0.3) await Promise.all(underWay)
      const most = 1 + Math.floor(this.#random() * mostUnderWay)
      while (underWay.size > most) await Promise.race(underWay)
    }
    await Promise.all(underWay)
  }

  /** Makes a call, with a line before it and one after it. */
  async make(placed: PlacedCall): Promise<void> {
    const id = this.#ids++
    const { namespace, session, call } = placed
    const isSync = this.#sides.length > 1 && this.#random() < 0.3
    const side = this.#sides[isSync ? 1 : 0] ?? this.store
    const address = { account, namespace, session }
    const key = JSON.stringify([isSync, address])
    const kept = this.#random() < 0.5 ? this.#handles.get(key) : undefined
    const handle = kept ?? side.session(address)
    this.#handles.set(key, handle)
    const store = this.#name
    this.#write({ line: 'call', store, id, at: instant(), isSync, ...placed })
    try {
      const answer = await perform(call, handle, side.account(account).namespace(namespace))
      this.#write({ line: 'answer', store, id, at: instant() + 1, answer })
      this.#calls.saw(placed, answer)
    } catch (error) {
      if (!ContextStoreError.is(error)) {
        this.#write({
          line: 'failed',
          message: `${call.does} failed with an error that is not a ContextStoreError: ${error}`,
        })
        return
      }
      const { outcome, code, message } = error
      this.#write({ line: 'error', store, id, at: instant(), outcome, code, message })
    }
  }
}

/** The time in microseconds, on the monotonic clock that all processes and threads of a machine share. */
function instant(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** A number for a text (FNV-1a). */
function seedOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash
}
