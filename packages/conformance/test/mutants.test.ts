import {
  createStore,
  createStoreWithSync,
  type JsonValue,
  type Properties,
  promised,
} from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { describe, expect, test } from 'vitest'
import { collected, failuresOf } from './collected-kit.ts'
import { allMutants } from './mutants/all-mutants.ts'
import { lifeMutants } from './mutants/life-mutants.ts'
import type { Mutant } from './mutants/mutant.ts'
import { PlainAdapter, type PlainSession } from './plain-adapter.ts'

/** What the stores on this page have in common: a seed, so that chance does not decide whether a mutant is seen. */
const few = { runs: 20, seed: 20_260_101 }

/** An adapter that gives properties in another order than they were written: no rule says which. */
class AnotherOrder extends PlainAdapter {
  override pick(session: PlainSession | undefined, names: readonly string[]): Properties {
    const entries: [string, JsonValue][] = Object.entries(super.pick(session, names))
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? 1 : -1)))
  }
}

describe('a store that is right passes the kit', () => {
  test('memory', async () => {
    expect(await failuresOf(collected({ ...few, create: memoryStore }), 1)).toEqual([])
  })
  test('the plain adapter that the mutants are made of', async () => {
    const create = (options: Parameters<typeof memoryStore>[0]) => {
      const adapter = new PlainAdapter()
      return createStoreWithSync(promised(adapter), adapter, options)
    }
    expect(await failuresOf(collected({ ...few, create }), 1)).toEqual([])
  })
  test('one that gives properties in another order', async () => {
    const cannot = { sync: 'the adapter is asynchronous' }
    const create = (options: Parameters<typeof memoryStore>[0]) =>
      createStore(promised(new AnotherOrder()), options)
    expect(await failuresOf(collected({ ...few, cannot, create }), 1)).toEqual([])
  })
})

/** Those that the cases of that name reject, which use chance. */
async function rejectedByChance(cases: string, mutants: readonly Mutant[]): Promise<string[]> {
  const rejected: string[] = []
  for (const { name, create } of mutants) {
    const cannot = { sync: 'one side is enough here' }
    const tests = collected({ ...few, runs: 100, cannot, create }).filter((test) => test.name.includes(cases))
    const [failure] = await failuresOf(tests, 1)
    if (failure?.includes('in random program')) rejected.push(name)
  }
  return rejected
}

describe('the kit rejects a store that', () => {
  test.each(allMutants.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    async (_, { rows, sync, create }) => {
      const cannot = sync === true ? {} : { sync: 'the mutant is asynchronous' }
      const tests = collected({ ...few, cannot, create })
      const own = tests.filter(({ name }) => rows.some((row) => name.startsWith(`[${row}]`)))
      const failures = await failuresOf(own, Number.POSITIVE_INFINITY)
      expect(failures.map((message) => message.slice(1, message.indexOf(']')))).toSatisfy((found: string[]) =>
        found.some((row) => rows.includes(row)),
      )
    },
  )

  test.each([
    'gets, merges and puts, with a turn of the event loop between',
    'decides a condition, and writes a turn later',
    'updates without a condition',
  ])('%s, by the history of clients at the same time alone', async (name) => {
    const found = await rejectedByChance(
      'linearizable',
      allMutants.filter((mutant) => mutant.name === name),
    )
    expect(found).toEqual([name])
  })

  test('breaks the life of a session, by random programs alone, for the greater part', async () => {
    const found = await rejectedByChance('random programs', lifeMutants)
    expect(found.length).toBeGreaterThan((lifeMutants.length * 2) / 3)
  })

  test('has a name of its own for each', () => {
    expect(new Set(allMutants.map(({ name }) => name)).size).toBe(allMutants.length)
    expect(allMutants.length).toBeGreaterThanOrEqual(24)
  })
})
