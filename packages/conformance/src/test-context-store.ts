import type { ContextStore, StoreOptions } from '@context-store/core'
import { traitsOf } from '@context-store/core/adapter'
import { allCases } from './all-cases.ts'
import { nameOf } from './check.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { checkedLacks } from './refusals.ts'
import { runCase, type Subject } from './run-case.ts'
import type { TestClock } from './test-clock.ts'

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
  /** Whether the store has a synchronous side, `store.sync`, on which the cases run too. Default: `false`. */
  readonly sync?: boolean | undefined
  /**
   * A clock that the stores follow already, such as a runner's faked timers; the kit moves it. Default: none; the
   * kit hands a clock of its own to `create`, as `now`, and runs the cases without `now` too.
   */
  readonly clock?: TestClock | undefined
  /** How many random programs each of the random cases runs. Default: 100. */
  readonly runs?: number | undefined
  /** The seed of those programs, as a failure prints it. Default: a new one each time. */
  readonly seed?: number | undefined
}

/**
 * Registers the whole meaning of a store as tests: every row of the table in docs/design.md that a single process can
 * show, on the asynchronous side and, in tests whose names end in `(sync)`, on the synchronous one.
 *
 * What the store cannot do is read from the store itself, which has it from its adapter's `cannot`: a case that needs
 * it asserts the refusal instead. Each case that can runs with the option `now` and without.
 *
 * The name of a test, and the message of its failure, begin with the row that broke.
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

/** For each test that a case makes, whether it runs on the synchronous side. */
function sidesOf({ sides = 'each' }: ConformanceCase, hasSync: boolean): readonly boolean[] {
  if (sides === 'both' && !hasSync) return []
  return sides === 'each' && hasSync ? [false, true] : [false]
}

/** Opens a store once, to read what it says of its engine. */
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
