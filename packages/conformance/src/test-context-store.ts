import type { ContextStore, HasSync, StoreOptions } from '@context-store/core'
import { allCases } from './all-cases.ts'
import { asyncView } from './async-view.ts'
import { type Capability, checkedLacks, refusals } from './capability.ts'
import { holds, nameOf } from './check.ts'
import { type CaseContext, type ConformanceCase, RowFailure } from './conformance-case.ts'
import { standingClock, type TestClock } from './test-clock.ts'

/** A test runner's `test`: vitest's, that of `node:test`, or any other of this form. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown

/** What {@link testContextStore} takes. */
export interface ConformanceOptions {
  /** The runner's function; to give slow engines more time, one that calls it with a longer limit. */
  readonly test: TestFunction
  /** What the store is called, in the tests' names. */
  readonly name: string
  /** Makes a fresh and empty store with just these options; the kit closes it. */
  readonly create: (options: StoreOptions) => ContextStore | Promise<ContextStore>
  /**
   * What the backend cannot do, each with the reason. The cases that need it then assert that the store
   * refuses, with code `unsupported`. A store without a synchronous side declares `sync`.
   */
  readonly cannot?: { readonly [C in Capability]?: string } | undefined
  /**
   * A clock that the stores follow already, such as a runner's faked timers; the kit moves it. None: the kit
   * hands a clock of its own to `create`, as `now`.
   */
  readonly clock?: TestClock | undefined
  /** How many random programs each of the random cases runs: 100 if none. */
  readonly runs?: number | undefined
  /** The seed of those programs, as a failure prints it; none: a new one each time. */
  readonly seed?: number | undefined
}

/**
 * Registers the whole meaning of a store as tests: every row of DESIGN.md's table that a single process can
 * show, on the asynchronous side and, in tests whose names end in `(sync)`, on the synchronous one.
 *
 * The name of a test, and the message of its failure, begin with the row that broke.
 *
 * @example
 * ```ts
 * testContextStore({ test, name: 'my store', create: (options) => myStore(options) })
 * ```
 */
export function testContextStore(options: ConformanceOptions): void {
  const lacks = checkedLacks(options.cannot ?? {})
  for (const subject of allCases) {
    // What only the two sides together can show runs once.
    const sides = subject.row === 'synchronous side' || lacks.has('sync') ? [false] : [false, true]
    for (const sync of sides) register(subject, sync, options, lacks)
  }
}

function register(
  subject: ConformanceCase,
  sync: boolean,
  options: ConformanceOptions,
  lacks: ReadonlyMap<Capability, string>,
): void {
  const missing = subject.needs?.find((capability) => lacks.has(capability))
  const title = `[${subject.row}] ${options.name}: ${subject.name}`
  const suffix = sync ? ' (sync)' : ''
  if (missing === undefined) {
    options.test(title + suffix, () => runCase(subject, sync, options, lacks))
  } else {
    const name = `cannot ${subject.name}: ${lacks.get(missing)}`
    const run = (): Promise<void> => runRefusal({ ...subject, name }, missing, sync, options)
    options.test(`[${subject.row}] ${options.name}: ${name}${suffix}`, run)
  }
}

async function runCase(
  subject: ConformanceCase,
  sync: boolean,
  options: ConformanceOptions,
  lacks: ReadonlyMap<Capability, string>,
): Promise<void> {
  const clock = options.clock ?? standingClock()
  const ownClock = options.clock === undefined && !lacks.has('clock')
  await withStores(subject, options, async (make) => {
    const now = ownClock ? { now: () => clock.now() } : {}
    const open: CaseContext['open'] = async (wanted = {}) => {
      const store = await make({ ...wanted, ...now })
      return sync ? asyncView(withSync(store).sync) : store
    }
    await subject.run({
      clock,
      runs: options.runs ?? 100,
      seed: options.seed,
      can: (capability) => !lacks.has(capability),
      open,
      openBoth: async () => withSync(await make(now)),
      openSession: async (wanted) =>
        (await open(wanted)).session({ account: '577089', namespace: 'orders', session: 'one' }),
    })
  })
}

async function runRefusal(
  subject: ConformanceCase,
  missing: Capability,
  sync: boolean,
  options: ConformanceOptions,
): Promise<void> {
  await withStores(subject, options, (make) =>
    refusals[missing](async (wanted) => {
      const store = await make(wanted)
      return sync && missing !== 'sync' ? asyncView(withSync(store).sync) : store
    }),
  )
}

/** Runs a case, closes what it opened, and puts the row before whatever it failed with. */
async function withStores(
  subject: ConformanceCase,
  options: ConformanceOptions,
  run: (make: (options: StoreOptions) => Promise<ContextStore>) => Promise<void>,
): Promise<void> {
  const opened: ContextStore[] = []
  try {
    await run(async (wanted) => {
      const store = await options.create(wanted)
      opened.push(store)
      return store
    })
  } catch (error) {
    await Promise.allSettled(opened.map((store) => store.close()))
    const row = error instanceof RowFailure ? error.row : subject.row
    const message = error instanceof Error && !('code' in error) ? error.message : nameOf(error)
    throw new Error(`[${row}] ${subject.name}: ${message}`, { cause: error })
  }
  try {
    for (const store of opened) await store.close()
  } catch (error) {
    throw new Error(`[after close()] the store cannot be closed: ${nameOf(error)}`, { cause: error })
  }
}

function withSync(store: ContextStore): ContextStore & HasSync {
  holds(hasSync(store), "the store has no synchronous side (store.sync): declare it, cannot: { sync: 'why' }")
  return store
}

function hasSync(store: ContextStore): store is ContextStore & HasSync {
  return 'sync' in store && typeof store.sync === 'object' && store.sync !== null
}
