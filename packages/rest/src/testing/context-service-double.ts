import type { ContextStore, HasSync } from '@context-store/core'
import type { HandlerOptions } from '../handler-options.ts'
import type { Keys } from '../keys.ts'
import type { Fault } from './faults.ts'
import type { RecordedRequest, RequestMatch, WaitOptions } from './journal.ts'
import type { State } from './state.ts'

/** The options of a test double. */
export interface DoubleOptions extends Omit<HandlerOptions, 'keys'> {
  /** The API key of every account, or the key of each. Default: any non-empty key. */
  readonly keys?: Exclude<Keys, { accepts: unknown }> | undefined
  /**
   * For the interceptor: the hosts to answer for, without `https://`, and with the port if there is one. The first is
   * in `url`, also for `createContextService`. Default: the vendor's seven hosts (docs/rest-contract.md, "Paths").
   */
  readonly hosts?: readonly string[] | undefined
  /** The data of the double at the start and after `reset()`. */
  readonly state?: State | undefined
  /** The seed of faults with a `rate`: a whole number, default 1. */
  readonly seed?: number | undefined
  /**
   * What happens to a request whose path is outside the contract, if no fault hits it. `answer`, the default: it gets a
   * 404, as from the service. `error`: the sender gets an error that names the request, or a 501 from a port. `pass`, only
   * for the interceptor: it goes where it would go without the double, and is not recorded.
   */
  readonly onUnhandled?: 'answer' | 'error' | 'pass' | undefined
}

/** The clock of a double: the system's clock, which a test can move forward. */
export interface DoubleClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Moves the clock forward, so that sessions expire; 0 seconds or more. */
  advanceSeconds(seconds: number): void
}

/** A test double of the service: it serves a store in memory, and lets a test inspect and control it. */
export interface ContextServiceDouble extends AsyncDisposable {
  /** The URL: of the port, or of the first host. */
  readonly url: string
  /** The store with its data. */
  readonly store: ContextStore & HasSync
  /** The latest requests since the last reset: at most 1,000, whose bodies have at most 16,000,000 bytes together. */
  readonly requests: readonly RecordedRequest[]
  /** The clock. */
  readonly clock: DoubleClock
  /** Answers a request that another mocking library intercepted. Rejects if a fault breaks the connection. */
  handle(request: Request): Promise<Response>
  /**
   * Makes the next matching request fail, or as many as `times` or `rate` says.
   *
   * @throws `InvalidOptionError` for an invalid fault or an unknown member
   */
  fault(fault: Fault): void
  /** The faults that have not fired all their `times`, each with the `times` that are left; not those with a `rate`. */
  readonly pendingFaults: readonly Fault[]
  /**
   * Asserts at the end of a test that all faults have fired and all requests had a path of the contract.
   *
   * @throws `Error` that names the {@link pendingFaults}, and the requests since the last reset that no fault hit and
   * whose path is outside the contract
   */
  assertDone(): void
  /**
   * Waits for the first request that matches: one already received, or the next.
   *
   * @throws `StoreUnavailableError` if there is none in time
   * @throws `InvalidOptionError` for an invalid match or option, or an unknown member
   */
  waitForRequest(match?: RequestMatch, options?: WaitOptions): Promise<RecordedRequest>
  /** Creates and returns a new API key for an account. From now on the previous key is a 403. */
  regenerateKey(account: string): string
  /** All stored data as plain JSON, including empty namespaces and sessions. */
  snapshot(): State
  /**
   * Resets the store to the initial state or to `state`, and also the journal, the faults, the clock and the keys. The
   * connections of delayed requests break, so that they take no effect in the next test.
   *
   * @throws `InvalidOptionError` for an invalid `state`; then nothing has changed
   */
  reset(state?: State): void
  /** Closes the port or removes the interceptor, and closes the store. The connections of delayed requests break. */
  close(): Promise<void>
}
