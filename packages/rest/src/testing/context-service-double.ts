import { type ContextStore, type HasSync, InvalidOptionError } from '@context-store/core'
import { checkedOptions, setOwn } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { maxBodyBytes } from '../body.ts'
import { type HandlerOptions, handlerOptionNames } from '../handler-options.ts'
import { createKeys, type Keys } from '../keys.ts'
import { createService, type Service } from '../service.ts'
import type { ServiceRequest } from '../service-request.ts'
import { WebRequest } from '../web-request.ts'
import { Delays } from './delays.ts'
import { type Fault, Faults, type Outcome, outcomeOf } from './faults.ts'
import { checkMatch, Journal, type RecordedRequest, type RequestMatch, type WaitOptions } from './journal.ts'
import { checkState, type State } from './state.ts'

/** How a double answers, and what it holds. */
export interface DoubleOptions extends Omit<HandlerOptions, 'keys'> {
  /** The API key of every account, or the key of each. Default: every key but an empty one. */
  readonly keys?: Exclude<Keys, { accepts: unknown }> | undefined
  /**
   * For the interceptor: the hosts to answer for, each without `https://`, with its port if it has one. Default: the
   * vendor's seven (docs/rest-contract.md, "Paths").
   */
  readonly hosts?: readonly string[] | undefined
  /** What the double holds at the start, and again after `reset()`. */
  readonly state?: State | undefined
  /** The seed of faults with a `rate`: a whole number, default 1. */
  readonly seed?: number | undefined
}

/** Checks the options of a double; `of` is the factory. */
export function checkedDoubleOptions(options: DoubleOptions | undefined, of: string): Partial<DoubleOptions> {
  return checkedOptions(options, [...handlerOptionNames, 'hosts', 'state', 'seed'], of)
}

/** The clock of a double: the machine's, moved forward by the test. */
export interface DoubleClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Moves the clock forward, so that sessions expire; 0 seconds or more. */
  advanceSeconds(seconds: number): void
}

/** The service as a double for tests: the handler that serves a store, over memory, with what a test needs to see and control. */
export interface ContextServiceDouble extends AsyncDisposable {
  /** Its URL. */
  readonly url: string
  /** The store that it serves. */
  readonly store: ContextStore & HasSync
  /** The latest requests since the last reset: at most 1,000, with at most 16,000,000 bytes of bodies. */
  readonly requests: readonly RecordedRequest[]
  /** Its clock. */
  readonly clock: DoubleClock
  /** Answers a request: one line in the setup of another mocking library. Rejects if a fault breaks the connection. */
  handle(request: Request): Promise<Response>
  /**
   * Makes the next matching request fail, or as many as the fault says.
   *
   * @throws `InvalidOptionError` for an invalid fault, or an unknown member of one
   */
  fault(fault: Fault): void
  /**
   * The first matching request, one that came already or the next.
   *
   * @throws `StoreUnavailableError` if none comes in time
   * @throws `InvalidOptionError` for an invalid match or option, or an unknown member of one
   */
  waitForRequest(match?: RequestMatch, options?: WaitOptions): Promise<RecordedRequest>
  /** Creates a new API key for an account; the one before is a 403 from now on. */
  regenerateKey(account: string): string
  /** Everything that it holds, as plain JSON; empty namespaces and sessions too. */
  snapshot(): State
  /**
   * Resets the store, to the first state or to `state`, and the journal, the faults, the clock and the keys. The
   * connection of a delayed request breaks, so that it takes no effect in the next test.
   *
   * @throws `InvalidOptionError` for an invalid `state`; nothing has changed then
   */
  reset(state?: State): void
  /** Closes the port, or removes the interceptor; the connection of a delayed request breaks. */
  close(): Promise<void>
}

/** What the double on a port and the interceptor have in common. */
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

  constructor({ state = {}, seed = 1, keys, hosts: _hosts, ...options }: Partial<DoubleOptions>) {
    if (!Number.isInteger(seed)) throw new InvalidOptionError('seed: must be a whole number')
    checkState(state)
    this.clock = {
      // Date.now is looked up at each call, so that fake timers work.
      now: () => Date.now() + this.#moved,
      advanceSeconds: (seconds) => {
        if (!(seconds >= 0 && seconds <= 1e10)) {
          throw new InvalidOptionError('advanceSeconds: must be a number from 0 to 10000000000')
        }
        this.#moved += seconds * 1000
      },
    }
    this.store = memoryStore({ now: this.clock.now })
    this.#faults = new Faults(seed)
    this.#keys = createKeys(keys)
    this.#service = createService(this.store, { ...options, keys: this.#keys })
    this.#fill(state)
    // A copy: the caller may change the object later.
    this.#state = this.snapshot()
  }

  get requests(): readonly RecordedRequest[] {
    return this.#journal.requests
  }

  /** Answers a request, or fails it as a fault says. Never rejects. */
  async respond(request: ServiceRequest, target: string): Promise<Outcome> {
    const heard = readOnce(request)
    // The service does not read a body whose stated length is too long, so the journal does not either.
    const isTooLong = Number(request.header('content-length')) > maxBodyBytes
    const body = isTooLong ? undefined : await heard.bytes(maxBodyBytes).catch(() => undefined)
    const recorded = this.#journal.note(request.method, target, request.headers(), body)
    const fault = this.#faults.take(recorded)
    const outcome = await outcomeOf(fault, () => this.#service(heard, target), this.#delays)
    if (outcome.breaks !== 'before') recorded.status = outcome.status
    return outcome
  }

  /** As {@link respond}, but a broken connection is an error. */
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

  async waitForRequest(match: RequestMatch = {}, options?: WaitOptions): Promise<RecordedRequest> {
    checkMatch('match', match)
    return this.#journal.wait(match, options)
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
        const listed = this.store.sync.account(account).namespace(name).sessions({ properties: true })
        for (const { id, properties } of listed) setOwn(sessions, id, properties)
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

  /** Closes the double: its delays, its port or interceptor, its store. */
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

/** A request whose body can be read twice, by the journal and then by the service. */
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

/** The double on a port or behind an interceptor: its URL, and how to end that. */
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

/** The error of a broken connection, with `code` both where Node's clients and where fetch have it. */
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
