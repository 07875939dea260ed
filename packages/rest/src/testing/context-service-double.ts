import type { ContextStore, HasSync } from '@context-store/core'
import type { HandlerOptions } from '../handler-options.ts'
import type { Keys } from '../keys.ts'
import type { Fault } from './faults.ts'
import type { RecordedRequest, RequestMatch, WaitOptions } from './journal.ts'
import type { State } from './state.ts'

/** How a double answers, and what it holds. */
export interface DoubleOptions extends Omit<HandlerOptions, 'keys'> {
  /** The API key of every account, or the key of each. Default: every key but an empty one. */
  readonly keys?: Exclude<Keys, { accepts: unknown }> | undefined
  /**
   * For the interceptor: the hosts to answer for, each without `https://`, with its port if it has one. The first is
   * in `url`, that of `createContextService` too. Default: the vendor's seven (docs/rest-contract.md, "Paths").
   */
  readonly hosts?: readonly string[] | undefined
  /** What the double holds at the start, and again after `reset()`. */
  readonly state?: State | undefined
  /** The seed of faults with a `rate`: a whole number, default 1. */
  readonly seed?: number | undefined
  /**
   * What happens to a request whose path the contract does not have, if no fault hits it. `answer`, the default: the
   * answer of the service, a 404. `error`: the sender gets an error that names the request, on a port a 501. `pass`,
   * for the interceptor alone: it goes where it would go without the double, which does not record it.
   */
  readonly onUnhandled?: 'answer' | 'error' | 'pass' | undefined
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
  /** Its URL: of its port, or of the first of its hosts. */
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
  /** The faults that have not fired as often as they should, each with the `times` that are left; not those with a `rate`. */
  readonly pendingFaults: readonly Fault[]
  /**
   * Asserts that all that the test planned has happened, and nothing else: for the end of a test.
   *
   * @throws `Error` that names the {@link pendingFaults}, and the requests since the last reset whose path the
   * contract does not have and that no fault hit
   */
  assertDone(): void
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
  /** Closes the port, or removes the interceptor, and closes the store; the connection of a delayed request breaks. */
  close(): Promise<void>
}
