import type { ContextStore, HasSync, Session, StoreOptions } from '@context-store/core'
import type { Capability } from '@context-store/core/adapter'
import type { TestClock } from './test-clock.ts'

/** A row of the table "Meaning" in docs/design.md; the last two are the paragraph on errors and the synchronous API. */
export type Row =
  | 'identifiers'
  | '__default__'
  | 'property names'
  | 'values'
  | 'patch'
  | 'patchIf'
  | 'update'
  | 'batch'
  | 'isolation'
  | 'existence'
  | 'idempotence'
  | 'time to live'
  | 'size'
  | 'listings'
  | 'order of effects'
  | 'the clock'
  | 'options'
  | 'after close()'
  | 'errors'
  | 'synchronous side'

/** The options that a case may set on the stores it opens. */
export type CaseStoreOptions = Pick<StoreOptions, 'namespaces' | 'limits'>

/** The context that a case runs in. */
export interface CaseContext {
  /** The clock of every store that the case opens, in the run with `now`. */
  readonly clock: TestClock
  /** Whether the stores get that clock as `now`; a case may then make it return invalid times. */
  readonly hasNow: boolean
  /** How many random programs a case runs, if it runs any. */
  readonly runs: number
  /** The seed of the random programs; `undefined`: a new one each time. */
  readonly seed: number | undefined
  /** The maximum number of characters of JSON in a session of the store. */
  readonly documentLength: number
  /** Whether the kit was told that the store has a synchronous side. */
  readonly hasSync: boolean
  /** Whether the store has a capability; `clock`: whether {@link CaseContext.clock} can be moved in this run. */
  can(capability: Capability): boolean
  /** Lets time pass: waits, or moves the clock that the stores use. */
  pass(seconds: number): Promise<void>
  /** Opens a fresh, empty store, which is closed after the case. */
  open(options?: CaseStoreOptions): Promise<ContextStore>
  /** Opens a fresh, empty store with its synchronous side. */
  openBoth(): Promise<ContextStore & HasSync>
  /** Opens a fresh, empty store and returns a session of it: `one` of namespace `orders` of account `577089`. */
  openSession(options?: CaseStoreOptions): Promise<Session>
}

/** One rule of a row, and a program that tests whether a store follows it. */
export interface ConformanceCase {
  /** The row that it belongs to. */
  readonly row: Row
  /** The rule, as a short sentence; often the row is its subject. */
  readonly name: string
  /** The capabilities that the program needs; `clock`: it moves the clock, and runs only with `now`. */
  readonly needs?: readonly Capability[]
  /**
   * On which sides it runs. `each`, the default: on the asynchronous side, and on the synchronous side if there is one;
   * `once`: once, on the asynchronous side; `both`: once, and only if there are two sides.
   */
  readonly sides?: 'each' | 'once' | 'both'
  /** Whether it waits for real time, and therefore runs only without `now`. */
  readonly isTimed?: true
  /** Runs the case; throws if the store breaks the rule. */
  run(context: CaseContext): Promise<void>
}

/** A failure whose row is more exact than that of its case, such as that of a random program. */
export class RowFailure extends Error {
  override readonly name = 'RowFailure'
  /** The row that failed. */
  readonly row: Row
  /** Creates the failure. */
  constructor(row: Row, message: string) {
    super(message)
    this.row = row
  }
}
