import type { ConformanceOptions } from '@context-store/conformance'
import type { ContextStore } from '@context-store/core'
import { type Capability, capabilities } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { expect, test } from 'vitest'
import { alteredStore } from './altered-store.ts'
import { collected, failuresOf } from './collected-kit.ts'
import { limitedStore } from './limited-store.ts'

const runs = 10

/** The kit's answer on a store that lacks some things and declares some. */
function failuresWith(lacks: readonly Capability[], declared: readonly Capability[]): Promise<string[]> {
  const create: ConformanceOptions['create'] = (options) => limitedStore(options, lacks, declared)
  return failuresOf(collected({ runs, create }), Number.POSITIVE_INFINITY)
}

/** A store that says that it cannot do those things, whatever it can. */
function saying(store: ContextStore, cannot: object): ContextStore {
  const symbol = Symbol.for('@context-store/traits')
  return Object.defineProperty(alteredStore(store, {}), symbol, {
    value: { cannot, documentLength: 800_000 },
  })
}

test('a store that lacks everything it may lack, and says so, passes', async () => {
  expect(await failuresWith(capabilities, capabilities)).toEqual([])
})

test.each(capabilities)('a store that lacks "%s" and says so passes', async (capability) => {
  expect(await failuresWith([capability], [capability])).toEqual([])
})

// Core itself says so of an adapter without `batch`, and of a store that it did not make.
const stated = capabilities.filter((capability) => capability !== 'batch')
test.each(stated)('a store that lacks "%s" and does not say so fails', async (capability) => {
  expect(await failuresWith([capability], [])).not.toEqual([])
})

test.each(stated)('a store that says it lacks "%s" and does it all the same fails', async (name) => {
  const create: ConformanceOptions['create'] = (options) =>
    saying(memoryStore(options), { [name]: 'not true' })
  const failures = await failuresOf(collected({ runs, create }), Number.POSITIVE_INFINITY)
  expect(failures).toContainEqual(expect.stringContaining("expected an error of code 'unsupported'"))
})

test('a store without a synchronous side fails if the kit is told of one', async () => {
  const create: ConformanceOptions['create'] = (options) => limitedStore(options, [], [])
  const failures = await failuresOf(collected({ runs, sync: true, create }), Number.POSITIVE_INFINITY)
  expect(failures).toContainEqual(expect.stringMatching(/^\[synchronous side\] .*there is no `store.sync`/))
})

test('a store with a synchronous side fails if the kit is not told of it', async () => {
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
