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

/** What a case may ask of the store it opens. */
export type CaseStoreOptions = Pick<StoreOptions, 'namespaces' | 'limits'>

/** What a case works with. */
export interface CaseContext {
  /** The time of every store that the case opens, in the run with `now`. */
  readonly clock: TestClock
  /** Whether the stores are given that clock as `now`, so that it may also fail. */
  readonly hasNow: boolean
  /** How many random programs a case runs, where it runs any. */
  readonly runs: number
  /** The seed of those programs; `undefined`: a new one each time. */
  readonly seed: number | undefined
  /** The most characters of JSON that a session of the store may have. */
  readonly documentLength: number
  /** Whether the kit was told that the store has a synchronous side. */
  readonly hasSync: boolean
  /** Whether the store can do it; `clock`: whether {@link CaseContext.clock} can be moved in this run. */
  can(capability: Capability): boolean
  /** Lets time pass: waits, or moves the runner's clock if that is the one that the stores follow. */
  pass(seconds: number): Promise<void>
  /** Opens a fresh, empty store, which is closed after the case. */
  open(options?: CaseStoreOptions): Promise<ContextStore>
  /** Opens a fresh, empty store with its synchronous side. */
  openBoth(): Promise<ContextStore & HasSync>
  /** Opens a fresh, empty store and gives a session of it: `one` of namespace `orders` of account `577089`. */
  openSession(options?: CaseStoreOptions): Promise<Session>
}

/** One rule of a row, and the program that shows whether a store keeps it. */
export interface ConformanceCase {
  /** Which row of the meaning it belongs to. */
  readonly row: Row
  /** The rule, as a short sentence. */
  readonly name: string
  /** What the program uses beyond what every store can do; `clock`: it moves the clock, and runs with `now` only. */
  readonly needs?: readonly Capability[]
  /**
   * On which sides it runs. `each`, the default: on the asynchronous one, and on the synchronous one if there is one;
   * `once`: once, with either; `both`: once, and only if there are two.
   */
  readonly sides?: 'each' | 'once' | 'both'
  /** Whether it waits for time to pass, and therefore runs without `now` only. */
  readonly isTimed?: true
  /** Runs it; throws where the store breaks the rule. */
  run(context: CaseContext): Promise<void>
}

/** A failure that knows its row better than the case it happened in, such as that of a random program. */
export class RowFailure extends Error {
  override readonly name = 'RowFailure'
  /** The row that broke. */
  readonly row: Row
  /** Makes the failure. */
  constructor(row: Row, message: string) {
    super(message)
    this.row = row
  }
}
