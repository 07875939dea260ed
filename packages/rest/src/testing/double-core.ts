import { type ContextStore, type HasSync, InvalidOptionError } from '@context-store/core'
import { checkedOptions, setOwn } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { type Answer, errorAnswer, withoutBody } from '../answer.ts'
import { maxBodyBytes } from '../body.ts'
import { handlerOptionNames } from '../handler-options.ts'
import { createKeys } from '../keys.ts'
import { readTarget } from '../path.ts'
import { routeOf } from '../routes.ts'
import { createService, type Service } from '../service.ts'
import type { ServiceRequest } from '../service-request.ts'
import { WebRequest } from '../web-request.ts'
import type { ContextServiceDouble, DoubleClock, DoubleOptions } from './context-service-double.ts'
import { Delays } from './delays.ts'
import { type Fault, Faults, type Outcome, outcomeOf, shown } from './faults.ts'
import { checkedHosts, realHosts } from './hosts.ts'
import { checkMatch, Journal, type RecordedRequest, type RequestMatch, type WaitOptions } from './journal.ts'
import { checkState, type State } from './state.ts'

/** The checked options of a double. */
export type CheckedDoubleOptions = Partial<DoubleOptions> & { readonly hosts: readonly string[] }

/**
 * Checks the options of a double.
 *
 * @param of - the name of the factory
 * @param unhandled - the values that it takes for `onUnhandled`
 * @param own - the names of its other options, which it checks itself
 */
export function checkedDoubleOptions<Options extends DoubleOptions>(
  options: Options | undefined,
  of: string,
  unhandled: readonly unknown[] = ['answer', 'error'],
  own: readonly string[] = [],
): Partial<Options> & CheckedDoubleOptions {
  const names = [...handlerOptionNames, 'hosts', 'state', 'seed', 'onUnhandled', ...own]
  const checked: Partial<Options> = checkedOptions(options, names, of)
  const { hosts = realHosts, onUnhandled = 'answer' } = checked
  if (!unhandled.includes(onUnhandled)) {
    const hint = onUnhandled === 'pass' ? "; 'pass' is for interceptContextService" : ''
    throw new InvalidOptionError(
      `onUnhandled: must be ${unhandled.map((value) => `'${value}'`).join(' or ')}${hint}`,
    )
  }
  return { ...checked, hosts: checkedHosts(hosts) }
}

/** The core of all doubles: the service over a store in memory, with a journal, faults, a clock and keys. */
export class DoubleCore {
  readonly store: ContextStore & HasSync
  readonly clock: DoubleClock
  readonly #journal = new Journal()
  readonly #faults: Faults
  readonly #delays = new Delays()
  readonly #keys: ReturnType<typeof createKeys>
  readonly #state: State
  readonly #service: Service
  readonly #refusesUnhandled: boolean
  #moved = 0

  constructor({
    state = {},
    seed = 1,
    keys,
    hosts: _hosts,
    onUnhandled,
    ...options
  }: Partial<DoubleOptions>) {
    if (!Number.isInteger(seed)) throw new InvalidOptionError('seed: must be a whole number')
    checkState(state)
    this.#refusesUnhandled = onUnhandled === 'error'
    this.clock = {
      // `Date.now` is looked up at each call, so that fake timers work.
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
    fill(this.store, state)
    // A copy, since the caller may change the object later.
    this.#state = this.snapshot()
  }

  get requests(): readonly RecordedRequest[] {
    return this.#journal.requests
  }

  get pendingFaults(): readonly Fault[] {
    return this.#faults.pending()
  }

  /** Answers a request, or makes it fail if a fault hits it. Never rejects. */
  async respond(request: ServiceRequest, target: string): Promise<Outcome> {
    const heard = readOnce(request)
    // The service does not read a body whose stated length is too long, so the journal does not either.
    const isTooLong = Number(request.header('content-length')) > maxBodyBytes
    const body = isTooLong ? undefined : await heard.bytes(maxBodyBytes).catch(() => undefined)
    const recorded = this.#journal.note(request.method, target, request.headers(), body)
    const fault = this.#faults.take(recorded)
    const outcome =
      fault === undefined && !isInContract(target)
        ? await this.#unhandled(recorded, () => this.#service(heard, target))
        : await outcomeOf(fault, () => this.#service(heard, target), this.#delays)
    if (outcome.breaks !== 'before') recorded.status = outcome.status
    return request.method === 'HEAD' ? { ...outcome, ...withoutBody(outcome) } : outcome
  }

  async #unhandled(request: RecordedRequest, serve: () => Promise<Answer>): Promise<Outcome> {
    this.#journal.noteUnhandled(request)
    if (!this.#refusesUnhandled) return serve()
    const message = `${request.method} ${request.path}: the contract has no such path (onUnhandled: 'error')`
    return { ...errorAnswer(501, message), error: new TypeError(message) }
  }

  /** Like {@link respond}, but rejects if the connection breaks. Reads a clone, so that the caller can read the request. */
  async handle(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const outcome = await this.respond(new WebRequest(request.clone()), pathname + search)
    const { status, headers, body, breaks, error } = outcome
    if (error !== undefined) throw error
    if (breaks === 'before') throw connectionReset()
    const sent = breaks === 'within' ? halfOf(body ?? '') : (body ?? null)
    return new Response(sent, { status, headers })
  }

  fault(fault: Fault): void {
    this.#faults.add(fault)
  }

  assertDone(): void {
    const problems = [
      ...this.pendingFaults.map((fault) => `a fault did not fire: ${shown(fault)}`),
      ...this.#journal.unhandled.map((request) => `a request has a path outside the contract: ${request}`),
    ]
    if (problems.length > 0) throw new Error(problems.join('\n'))
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
    // Throws for a state that the store refuses, before anything is removed.
    fill(memoryStore(), state)
    this.#delays.end()
    for (const account of [...this.store.sync.accounts()]) {
      const namespaces = [...this.store.sync.account(account).namespaces()]
      for (const { name } of namespaces) this.store.sync.account(account).namespace(name).delete()
    }
    this.#journal.clear()
    this.#faults.clear()
    this.#keys.reset()
    this.#moved = 0
    fill(this.store, state)
  }

  /** Ends the delays, closes the port or the interceptor, and closes the store. */
  async close(endEntrance: () => Promise<void>): Promise<void> {
    this.#delays.close()
    await endEntrance()
    await this.store.close()
  }
}

function fill(store: HasSync, state: State): void {
  for (const [account, namespaces] of Object.entries(state)) {
    for (const [name, sessions] of Object.entries(namespaces)) {
      const namespace = store.sync.account(account).namespace(name)
      namespace.create()
      for (const [id, properties] of Object.entries(sessions)) namespace.session(id).patch(properties)
    }
  }
}

/** Whether the contract has the path of a request. */
export function isInContract(target: string): boolean {
  return routeOf(readTarget(target).parts) !== undefined
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

/** Creates a double from its core and its URL. `end` closes its port or interceptor. */
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
    get pendingFaults() {
      return core.pendingFaults
    },
    assertDone: () => core.assertDone(),
    waitForRequest: (match, options) => core.waitForRequest(match, options),
    regenerateKey: (account) => core.regenerateKey(account),
    snapshot: () => core.snapshot(),
    reset: (state) => core.reset(state),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The error of a broken connection, with `code` where Node's clients have it and where fetch has it. */
function connectionReset(): Error {
  const code = { code: 'ECONNRESET' }
  const cause = Object.assign(new Error('read ECONNRESET'), code)
  return Object.assign(new TypeError('fetch failed: the test asked for this fault', { cause }), code)
}

/** A stream of the first half of a body, then an error. */
function halfOf(body: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body)
  return new ReadableStream({
    start: (controller) => controller.enqueue(bytes.subarray(0, bytes.length >> 1)),
    pull: (controller) => controller.error(connectionReset()),
  })
}
