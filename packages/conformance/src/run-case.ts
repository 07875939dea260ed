import type { ContextStore, HasSync, StoreOptions } from '@context-store/core'
import type { Capability, StoreTraits } from '@context-store/core/adapter'
import { asyncView } from './async-view.ts'
import { holds, messageOf, nameOf } from './check.ts'
import { type CaseContext, type ConformanceCase, RowFailure } from './conformance-case.ts'
import { refusals } from './refusals.ts'
import { advance, standingClock, type TestClock } from './test-clock.ts'

declare function setTimeout(callback: () => void, milliseconds: number): unknown

/** The kind of store under test: how to create one, and its properties. */
export interface Subject extends Pick<StoreTraits, 'documentLength'> {
  /** Creates a fresh, empty store. */
  readonly create: (options: StoreOptions) => ContextStore | Promise<ContextStore>
  /** The capabilities that it declares it lacks, with the reasons. */
  readonly lacks: ReadonlyMap<Capability, string>
  /** Whether it has a synchronous side. */
  readonly hasSync: boolean
  /** The clock that it already uses; `undefined`: none. */
  readonly clock: TestClock | undefined
  /** How many random programs a case runs. */
  readonly runs: number
  /** The seed of the random programs. */
  readonly seed: number | undefined
}

/**
 * Runs a case with the option `now` and without it, as far as possible. If it needs a capability that the store lacks,
 * the store must refuse that instead.
 */
export async function runCase(tested: ConformanceCase, onSync: boolean, subject: Subject): Promise<void> {
  const { clock, lacks } = subject
  const missing = tested.needs?.find((need) => lacks.has(need) && !(need === 'clock' && clock !== undefined))
  if (missing !== undefined) {
    const refused = { ...tested, name: `${tested.name} (the store says it cannot: ${missing})` }
    await withStores(refused, subject, (make) =>
      refusals[missing](async (wanted) => {
        const store = await make(wanted)
        return onSync ? asyncView(withSync(store).sync) : store
      }),
    )
    return
  }
  const canFollow = clock === undefined && !lacks.has('clock')
  if (canFollow && tested.isTimed !== true) await runOnce(tested, onSync, subject, standingClock())
  if (canFollow && tested.needs?.includes('clock') === true) return
  await runOnce(
    canFollow ? { ...tested, name: `${tested.name} (without now)` } : tested,
    onSync,
    subject,
    undefined,
  )
}

async function runOnce(
  tested: ConformanceCase,
  onSync: boolean,
  subject: Subject,
  now: TestClock | undefined,
): Promise<void> {
  const clock = now ?? subject.clock
  const given: StoreOptions = now === undefined ? {} : { now: () => now.now() }
  await withStores(tested, subject, async (make) => {
    const open: CaseContext['open'] = async (wanted = {}) => {
      const store = await make({ ...wanted, ...given })
      return onSync ? asyncView(withSync(store).sync) : store
    }
    await tested.run({
      clock: clock ?? standingClock(),
      hasNow: now !== undefined,
      runs: subject.runs,
      seed: subject.seed,
      documentLength: subject.documentLength,
      hasSync: subject.hasSync,
      can: (capability) => (capability === 'clock' ? clock !== undefined : !subject.lacks.has(capability)),
      pass: async (seconds) => {
        if (clock !== undefined) return advance(clock, seconds)
        await new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))
      },
      open,
      openBoth: async () => withSync(await make(given)),
      openSession: async (wanted) =>
        (await open(wanted)).session({ account: '577089', namespace: 'orders', session: 'one' }),
    })
  })
}

/** Runs a case, closes the stores it opened, and prefixes the message of a failure with the row. */
async function withStores(
  tested: ConformanceCase,
  subject: Subject,
  run: (make: (options: StoreOptions) => Promise<ContextStore>) => Promise<void>,
): Promise<void> {
  const opened: ContextStore[] = []
  try {
    await run(async (wanted) => {
      const store = await subject.create(wanted)
      opened.push(store)
      return store
    })
  } catch (error) {
    await Promise.allSettled(opened.map((store) => store.close()))
    const row = error instanceof RowFailure ? error.row : tested.row
    throw new Error(`[${row}] ${tested.name}: ${messageOf(error)}`, { cause: error })
  }
  try {
    for (const store of opened) await store.close()
  } catch (error) {
    throw new Error(`[after close()] the store cannot be closed: ${nameOf(error)}`, { cause: error })
  }
}

function withSync(store: ContextStore): ContextStore & HasSync {
  holds(hasSync(store), 'the store has no synchronous side, `store.sync`: leave out the option `sync`')
  return store
}

function hasSync(store: ContextStore): store is ContextStore & HasSync {
  return 'sync' in store && typeof store.sync === 'object' && store.sync !== null
}
