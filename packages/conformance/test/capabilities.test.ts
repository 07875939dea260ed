import type { ConformanceOptions } from '@context-store/conformance'
import type { ContextStore } from '@context-store/core'
import { type Capability, capabilities } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { expect, test } from 'vitest'
import { alteredStore } from './altered-store.ts'
import { collected, failuresOf } from './collected-kit.ts'
import { limitedStore } from './limited-store.ts'

const runs = 10

/** The kit's failures for a store that lacks some capabilities and declares some as missing. */
function failuresWith(lacks: readonly Capability[], declared: readonly Capability[]): Promise<string[]> {
  const create: ConformanceOptions['create'] = (options) => limitedStore(options, lacks, declared)
  return failuresOf(collected({ runs, create }), Number.POSITIVE_INFINITY)
}

/** A store that declares these capabilities as missing, whether or not it has them. */
function saying(store: ContextStore, cannot: object): ContextStore {
  const symbol = Symbol.for('@context-store/traits')
  return Object.defineProperty(alteredStore(store, {}), symbol, {
    value: { cannot, documentLength: 800_000 },
  })
}

test('a store that lacks every capability, and declares so, passes', async () => {
  expect(await failuresWith(capabilities, capabilities)).toEqual([])
})

test.each(capabilities)('a store that lacks "%s" and declares so passes', async (capability) => {
  expect(await failuresWith([capability], [capability])).toEqual([])
})

// Core itself declares it for an adapter without `batch`, and for a store that it did not create.
const stated = capabilities.filter((capability) => capability !== 'batch')
test.each(stated)('a store that lacks "%s" and does not declare so fails', async (capability) => {
  expect(await failuresWith([capability], [])).not.toEqual([])
})

test.each(stated)('a store that declares that it lacks "%s", but has it, fails', async (name) => {
  const create: ConformanceOptions['create'] = (options) =>
    saying(memoryStore(options), { [name]: 'not true' })
  const failures = await failuresOf(collected({ runs, create }), Number.POSITIVE_INFINITY)
  expect(failures).toContainEqual(expect.stringContaining("expected an error of code 'unsupported'"))
})

test('a store without a synchronous side fails with the option `sync`', async () => {
  const create: ConformanceOptions['create'] = (options) => limitedStore(options, [], [])
  const failures = await failuresOf(collected({ runs, sync: true, create }), Number.POSITIVE_INFINITY)
  expect(failures).toContainEqual(expect.stringMatching(/^\[synchronous side\] .*there is no `store.sync`/))
})

test('a store with a synchronous side fails without the option `sync`', async () => {
  const failures = await failuresOf(collected({ runs, create: memoryStore }), Number.POSITIVE_INFINITY)
  expect(failures).toEqual([expect.stringContaining('give the option `sync`')])
})

test.each([
  ['an unknown capability', { speed: 'it is slow' }],
  ['an empty reason', { clock: ' ' }],
])('%s in `cannot` fails every test', async (_, cannot) => {
  const create: ConformanceOptions['create'] = (options) => saying(memoryStore(options), cannot)
  const tests = collected({ runs, create })
  const failures = await failuresOf(tests, Number.POSITIVE_INFINITY)
  expect(failures).toHaveLength(tests.length)
  expect(failures[0]).toContain('cannot')
})
