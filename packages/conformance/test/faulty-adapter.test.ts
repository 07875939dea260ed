import { faultyAdapter } from '@context-store/conformance'
import { createStore, type StorageAdapter } from '@context-store/core/adapter'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collected, failuresOf } from './collected-kit.ts'
import { faultyPrograms, runFaultyProgram } from './faulty-programs.ts'
import { PlainAdapter } from './plain-adapter.ts'

test('core on a faulty engine loses no write or answer, keeps the order, and reports true outcomes', async () => {
  await fc.assert(fc.asyncProperty(faultyPrograms, runFaultyProgram), { numRuns: 1000 })
})

test('a store on an engine that only delays calls passes the kit', async () => {
  let seed = 0
  const tests = collected({
    runs: 10,
    create: (options) =>
      createStore(
        (rules) => faultyAdapter(new PlainAdapter(rules), { seed: ++seed, faults: ['delay'] }),
        options,
      ),
  })
  expect(await failuresOf(tests, Number.POSITIVE_INFINITY)).toEqual([])
})

/** The outcomes of creating 40 namespaces on a faulty engine. */
async function creations(options: Parameters<typeof faultyAdapter>[1]): Promise<string[]> {
  let faulty: StorageAdapter | undefined
  createStore((rules) => {
    faulty = faultyAdapter(new PlainAdapter(rules), options)
    return faulty
  })
  const outcomes: string[] = []
  for (let index = 0; index < 40; index++) {
    try {
      const created = faulty?.createNamespace('a', `n${index}`, undefined)
      await created?.then(
        () => outcomes.push('done'),
        (error) => outcomes.push(`${faulty?.errorOf?.(error, 'write').outcome}`),
      )
    } catch {
      outcomes.push('thrown')
    }
  }
  return outcomes
}

test('`faultyAdapter` injects the same faults for the same seed, and others for another seed', async () => {
  const once = await creations({ seed: 7 })
  expect(await creations({ seed: 7 })).toEqual(once)
  expect(await creations({ seed: 8 })).not.toEqual(once)
  expect(new Set(once)).toEqual(new Set(['done', 'not-applied', 'unknown', 'thrown']))
})

test('`faultyAdapter` takes the kinds of faults and their rate', async () => {
  expect(new Set(await creations({ seed: 7, rate: 0 }))).toEqual(new Set(['done']))
  expect(new Set(await creations({ seed: 7, rate: 1, faults: ['throw'] }))).toEqual(new Set(['thrown']))
  expect(new Set(await creations({ seed: 7, rate: 1, faults: ['fail'] }))).toEqual(new Set(['unknown']))
})
