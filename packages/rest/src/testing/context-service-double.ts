import { type ContextStore, type HasSync, InvalidOptionError, setOwn } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { maxBodyBytes } from '../body.ts'
import type { HandlerOptions } from '../handler-options.ts'
import { createKeys, type Keys } from '../keys.ts'
import { createService, type Service } from '../service.ts'
import type { ServiceRequest } from '../service-request.ts'
import { WebRequest } from '../web-request.ts'
import { Delays } from './delays.ts'
import { type Fault, Faults, type Outcome, outcomeOf } from './faults.ts'
import { checkMatch, Journal, type RecordedRequest, type RequestMatch, type WaitOptions } from './journal.ts'
import { checkState, type State } from './state.ts'

/** What a double is to be. */
export interface DoubleOptions extends Omit<HandlerOptions, 'keys'> {
  /** The accepted key, or each account's; any but an empty one if none. */
  readonly keys?: Exclude<Keys, { accepts: unknown }> | undefined
  /** For an interceptor: the hosts to stand for; the vendor's three (WIRE.md, "Base") if none. */
  readonly hosts?: readonly string[] | undefined
  /** What is there at the start, and again after `reset()`. */
  readonly state?: State | undefined
  /** What faults with a `rate` follow: a whole number, 1 if none. */
  readonly seed?: number | undefined
}

/** The time as a double has it: the machine's, and what it was moved by. */
export interface DoubleClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Moves the time on, so that times to live run out; seconds from 0 on. */
  advanceSeconds(seconds: number): void
}

/** The service, for tests: the same handler that serves a store, over memory, and what a test wants to know and do. */
export interface ContextServiceDouble extends AsyncDisposable {
  /** Where it is. */
  readonly url: string
  /** What it holds. */
  readonly store: ContextStore & HasSync
  /** The last requests since the last reset: 1,000 of them, with 16,000,000 bytes of bodies, at the most. */
  readonly requests: readonly RecordedRequest[]
  /** The time. */
  readonly clock: DoubleClock
  /** Answers a request: one line in a setup of another library for mocking. A fault that breaks the connection rejects. */
  handle(request: Request): Promise<Response>
  /**
   * Lets the next request that fits go wrong, or as many as it says.
   *
   * @throws `InvalidOptionError` for a fault that cannot be, and for a member that there is not
   */
  fault(fault: Fault): void
  /**
   * The first request that fits, one that came already or the next.
   *
   * @throws `StoreUnavailableError` where none comes in time
   * @throws `InvalidOptionError` for a match that cannot be, and for a member that there is not
   */
  waitForRequest(match?: RequestMatch, options?: WaitOptions): Promise<RecordedRequest>
  /** Makes a new key for an account; the one before is a 403 from now on. */
  regenerateKey(account: string): string
  /** All that it holds, as plain JSON. Namespaces and sessions that are empty are in it. */
  snapshot(): State
  /**
   * Back to the start, or to `state`: store, journal, faults, clock and keys. The connection of a request that is
   * delayed breaks, so that it takes no effect in the next test.
   *
   * @throws `InvalidOptionError`, and nothing is changed, for a `state` that is not objects of objects of objects
   */
  reset(state?: State): void
  /** Ends it: the port is closed, the interceptor undone; the connection of a request that is delayed breaks. */
  close(): Promise<void>
}

/** What both entrances have in common. */
export class DoubleCore {
  readonly store: ContextStore & HasSync
  readonly clock: DoubleClock
  readonly #journal = new Journal()
  readonly #faults: Faults
  readonly #delays = new Delays()
  readonly #keys: ReturnType<typeof createKeys>
  readonly #state: State
  readonly #service: Service
  #moved = 0

  constructor({ state = {}, seed = 1, keys, hosts: _hosts, ...options }: DoubleOptions) {
    if (!Number.isInteger(seed)) throw new InvalidOptionError('seed: a whole number')
    checkState(state)
    this.clock = {
      // Looked up at each call, so that faked timers are followed.
      now: () => Date.now() + this.#moved,
      advanceSeconds: (seconds) => {
        if (!(seconds >= 0 && seconds <= 1e10))
          throw new InvalidOptionError('advanceSeconds: from 0 to 10000000000')
        this.#moved += seconds * 1000
      },
    }
    this.store = memoryStore({ now: this.clock.now })
    this.#faults = new Faults(seed)
    this.#keys = createKeys(keys)
    this.#service = createService(this.store, { ...options, keys: this.#keys })
    this.#fill(state)
    // A copy: what becomes of the caller's object is the caller's own.
    this.#state = this.snapshot()
  }

  get requests(): readonly RecordedRequest[] {
    return this.#journal.requests
  }

  /** Answers a request, as far as the faults let it. Never rejects. */
  async respond(request: ServiceRequest, target: string): Promise<Outcome> {
    const heard = readOnce(request)
    // Of a body that is stated to be too long the service reads nothing, nor does the journal.
    const isTooLong = Number(request.header('content-length')) > maxBodyBytes
    const body = isTooLong ? undefined : await heard.bytes(maxBodyBytes).catch(() => undefined)
    const recorded = this.#journal.note(request.method, target, request.headers(), body)
    const fault = this.#faults.take(recorded)
    const outcome = await outcomeOf(fault, () => this.#service(heard, target), this.#delays)
    if (outcome.breaks !== 'before') recorded.status = outcome.status
    return outcome
  }

  /** As {@link respond}, where a connection that breaks can only be told by an error. */
  async handle(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const { status, headers, body, breaks } = await this.respond(new WebRequest(request), pathname + search)
    if (breaks === 'before') throw connectionReset()
    const sent = breaks === 'within' ? halfOf(body ?? '') : (body ?? null)
    return new Response(sent, { status, headers })
  }

  fault(fault: Fault): void {
    this.#faults.add(fault)
  }

  async waitForRequest(
    match: RequestMatch = {},
    { timeoutMs = 1000 }: WaitOptions = {},
  ): Promise<RecordedRequest> {
    checkMatch('match', match)
    return this.#journal.wait(match, timeoutMs)
  }

  regenerateKey(account: string): string {
    return this.#keys.regenerate(account)
  }

  snapshot(): State {
    const state: State = {}
    for (const account of this.store.sync.accounts()) {
      const namespaces = {}
      for (const { name } of this.store.sync.account(account).namespaces()) {
        const sessions = {}
        const namespace = this.store.sync.account(account).namespace(name)
        for (const { id } of namespace.sessions()) setOwn(sessions, id, namespace.session(id).getAll())
        setOwn(namespaces, name, sessions)
      }
      setOwn(state, account, namespaces)
    }
    return state
  }

  reset(state: State = this.#state): void {
    checkState(state)
    this.#delays.end()
    for (const account of [...this.store.sync.accounts()]) {
      const namespaces = [...this.store.sync.account(account).namespaces()]
      for (const { name } of namespaces) this.store.sync.account(account).namespace(name).delete()
    }
    this.#journal.clear()
    this.#faults.clear()
    this.#keys.reset()
    this.#moved = 0
    this.#fill(state)
  }

  /** Ends it and the entrance that it is reached by. */
  async close(endEntrance: () => Promise<void>): Promise<void> {
    this.#delays.close()
    await endEntrance()
    await this.store.close()
  }

  #fill(state: State): void {
    for (const [account, namespaces] of Object.entries(state)) {
      for (const [name, sessions] of Object.entries(namespaces)) {
        const namespace = this.store.sync.account(account).namespace(name)
        namespace.create()
        for (const [id, properties] of Object.entries(sessions)) namespace.session(id).patch(properties)
      }
    }
  }
}

/** A request whose body can be had twice: the journal takes it, and then the service. */
function readOnce(request: ServiceRequest): ServiceRequest {
  let body: ReturnType<ServiceRequest['bytes']> | undefined
  return {
    method: request.method,
    header: (name) => request.header(name),
    headers: () => request.headers(),
    bytes(most) {
      body ??= request.bytes(most)
      return body
    },
  }
}

/** The double over an entrance: what it is reached by, and how it ends. */
export function doubleOf(core: DoubleCore, url: string, end: () => Promise<void>): ContextServiceDouble {
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= core.close(end)
    return closing
  }
  return {
    url,
    store: core.store,
    clock: core.clock,
    get requests() {
      return core.requests
    },
    handle: (request) => core.handle(request),
    fault: (fault) => core.fault(fault),
    waitForRequest: (match, options) => core.waitForRequest(match, options),
    regenerateKey: (account) => core.regenerateKey(account),
    snapshot: () => core.snapshot(),
    reset: (state) => core.reset(state),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The error of a connection that breaks: `code` where Node's clients have it, and in the cause, where fetch has it. */
function connectionReset(): Error {
  const code = { code: 'ECONNRESET' }
  const cause = Object.assign(new Error('read ECONNRESET'), code)
  return Object.assign(new TypeError('fetch failed: the test asked for this fault', { cause }), code)
}

/** The first half of a body, and then an error. */
function halfOf(body: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body)
  return new ReadableStream({
    start: (controller) => controller.enqueue(bytes.subarray(0, bytes.length >> 1)),
    pull: (controller) => controller.error(connectionReset()),
  })
}
