import type { JsonValue, Properties, StoreOptions } from '@context-store/core'
import { createStore, createStoreWithSync } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { describe, expect, test } from 'vitest'
import { collected, failuresOf } from './collected-kit.ts'
import { allMutants } from './mutants/all-mutants.ts'
import { lifeMutants } from './mutants/life-mutants.ts'
import type { Mutant } from './mutants/mutant.ts'
import { PlainAdapter, type PlainSession } from './plain-adapter.ts'
import { promised } from './promised.ts'
import { TextAdapter } from './text-adapter.ts'
import { TransactionalAdapter } from './transactional-adapter.ts'

/** Options of every store in this file: with a fixed seed, whether a mutant is detected does not depend on chance. */
const few = { runs: 20, seed: 20_260_101 }

/** An adapter that returns properties in another order than they were written; no rule requires an order. */
class AnotherOrder extends PlainAdapter {
  override pick(session: PlainSession | undefined, names: readonly string[]): Properties {
    const entries: [string, JsonValue][] = Object.entries(super.pick(session, names))
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? 1 : -1)))
  }
}

describe('a correct store passes the kit', () => {
  test('memory', async () => {
    expect(await failuresOf(collected({ ...few, sync: true, create: memoryStore }), 1)).toEqual([])
  })
  test('the plain adapter that the mutants are derived from', async () => {
    const create = (options: StoreOptions) => createStoreWithSync((rules) => new PlainAdapter(rules), options)
    expect(await failuresOf(collected({ ...few, sync: true, create }), 1)).toEqual([])
  })
  test.each([true, false])('an engine that keeps text, with keepsOrder: %s', async (keepsOrder) => {
    const engine = { keepsOrder, arrive: () => Promise.resolve() }
    const create = (options: StoreOptions) => createStore((rules) => new TextAdapter(rules, engine), options)
    expect(await failuresOf(collected({ ...few, create }), Number.POSITIVE_INFINITY)).toEqual([])
  })
  test('a store whose calls are grouped in transactions', async () => {
    const create = (options: StoreOptions) =>
      createStoreWithSync((rules) => new TransactionalAdapter(rules, () => undefined), options)
    expect(await failuresOf(collected({ ...few, sync: true, create }), Number.POSITIVE_INFINITY)).toEqual([])
  })
  test('a store that returns properties in another order', async () => {
    const create = (options: StoreOptions) =>
      createStore((rules) => promised(new AnotherOrder(rules)), options)
    expect(await failuresOf(collected({ ...few, create }), 1)).toEqual([])
  })
})

/** The mutants that the random cases of that name reject. */
async function rejectedByChance(cases: string, mutants: readonly Mutant[]): Promise<string[]> {
  const rejected: string[] = []
  for (const { name, create } of mutants) {
    const tests = collected({ ...few, runs: 100, create }).filter((test) => test.name.includes(cases))
    const [failure] = await failuresOf(tests, 1)
    if (failure?.includes('in random program')) rejected.push(name)
  }
  return rejected
}

describe('the kit rejects a store that', () => {
  test.each(allMutants.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    async (_, { rows, sync, create }) => {
      const tests = collected({ ...few, sync, create })
      const own = tests.filter(({ name }) => rows.some((row) => name.startsWith(`[${row}]`)))
      const found: string[] = []
      for (const one of own) {
        const [failure] = await failuresOf([one], 1)
        if (failure !== undefined) found.push(failure.slice(1, failure.indexOf(']')))
        if (rows.some((row) => found.includes(row))) break
      }
      expect(found).toSatisfy(() => rows.some((row) => found.includes(row)))
    },
  )

  test.each([
    'gets, merges and puts, with a tick of the event loop in between',
    'checks a condition, and writes a tick later',
    'updates without a condition',
  ])('%s: detected by the history of concurrent clients alone', async (name) => {
    const found = await rejectedByChance(
      'clients that run at the same time',
      allMutants.filter((mutant) => mutant.name === name),
    )
    expect(found).toEqual([name])
  })

  test('breaks the life of a session: most are detected by random programs alone', async () => {
    const found = await rejectedByChance('random programs', lifeMutants)
    expect(found.length).toBeGreaterThan((lifeMutants.length * 2) / 3)
  })

  test('(there are at least 130 mutants, each with its own name)', () => {
    expect(new Set(allMutants.map(({ name }) => name)).size).toBe(allMutants.length)
    expect(allMutants.length).toBeGreaterThanOrEqual(130)
  })
})
