import type { ContextStore, StoreOptions } from '@context-store/core'
import { traitsOf } from '@context-store/core/adapter'
import { allCases } from './all-cases.ts'
import { nameOf } from './check.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { checkedLacks } from './refusals.ts'
import { runCase, type Subject } from './run-case.ts'
import type { TestClock } from './test-clock.ts'

/** A test runner's `test` function: that of vitest, `node:test`, or any other of this form. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown

/** The options of {@link testContextStore}. */
export interface ConformanceOptions {
  /** The runner's `test`; for a slow engine, a function that calls it with a longer timeout. */
  readonly test: TestFunction
  /** The store's name in the names of the tests. */
  readonly name: string
  /** Creates a fresh, empty store with exactly these options; the kit closes it. */
  readonly create: (options: StoreOptions) => ContextStore | Promise<ContextStore>
  /** Whether the store has a synchronous side, `store.sync`, on which the cases run too. Default: `false`. */
  readonly sync?: boolean | undefined
  /**
   * A clock that the stores already use, such as a runner's fake timers; the kit moves it. Default: the kit passes its
   * own clock to `create` as `now`, and runs the cases without `now` too.
   */
  readonly clock?: TestClock | undefined
  /** How many random programs each random case runs. Default: 100. */
  readonly runs?: number | undefined
  /** The seed of the random programs, as printed by a failure. Default: a new one each time. */
  readonly seed?: number | undefined
}

/**
 * Registers tests for every row of the table "Meaning" in docs/design.md that can be tested in one process. They run on
 * the asynchronous side and, in tests whose names end in `(sync)`, on the synchronous one.
 *
 * The kit reads what the store cannot do from the store, which has it from its adapter's `cannot`. A case that needs such
 * a capability asserts the refusal instead. Each case runs with the option `now` and without it, if possible.
 *
 * The name of a test, and the message of its failure, start with the row.
 *
 * @example
 * ```ts
 * testContextStore({ test, name: 'my store', create: (options) => myStore(options) })
 * ```
 */
export function testContextStore(options: ConformanceOptions): void {
  let subject: Promise<Subject> | undefined
  const opened = (): Promise<Subject> => {
    subject ??= subjectOf(options)
    return subject
  }
  for (const tested of allCases) {
    for (const onSync of sidesOf(tested, options.sync === true)) {
      const title = `[${tested.row}] ${options.name}: ${tested.name}${onSync ? ' (sync)' : ''}`
      options.test(title, async () => runCase(tested, onSync, await opened()))
    }
  }
}

/** For each test of a case, whether it runs on the synchronous side. */
function sidesOf({ sides = 'each' }: ConformanceCase, hasSync: boolean): readonly boolean[] {
  if (sides === 'both' && !hasSync) return []
  return sides === 'each' && hasSync ? [false, true] : [false]
}

/** Opens a store once, to read its traits. */
async function subjectOf(options: ConformanceOptions): Promise<Subject> {
  const { create, sync, clock, runs = 100, seed } = options
  try {
    const store = await create({})
    const { cannot, documentLength } = traitsOf(store)
    await store.close()
    return { create, hasSync: sync === true, clock, runs, seed, documentLength, lacks: checkedLacks(cannot) }
  } catch (error) {
    throw new Error(`[errors] a store is opened and closed: ${nameOf(error)}`, { cause: error })
  }
}
