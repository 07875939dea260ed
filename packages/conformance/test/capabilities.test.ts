import type { Capability, ConformanceOptions } from '@context-store/conformance'
import { memoryStore } from '@context-store/memory'
import { expect, test } from 'vitest'
import { collected, failuresOf } from './collected-kit.ts'
import { limitedStore } from './limited-store.ts'

const capabilities: readonly Capability[] = [
  'accounts',
  'clock',
  'conditions',
  'dot-names',
  'explicit-namespaces',
  'limits',
  'removals',
  'session-info',
  'session-listing',
  'time-to-live',
]
const runs = 10

/** The kit's answer on a store that lacks some things and declares some. */
function failuresWith(lacks: readonly Capability[], declared: readonly Capability[]): Promise<string[]> {
  const cannot = Object.fromEntries([...declared, 'sync'].map((name) => [name, 'the service has none']))
  const create: ConformanceOptions['create'] = (options) => limitedStore(options, new Set(lacks))
  return failuresOf(collected({ runs, cannot, create }), Number.POSITIVE_INFINITY)
}

test('a store that lacks everything it may lack, and says so, passes', async () => {
  expect(await failuresWith(capabilities, capabilities)).toEqual([])
})

test.each(capabilities)('a store that lacks "%s" and says so passes', async (capability) => {
  expect(await failuresWith([capability], [capability])).toEqual([])
})

test.each(capabilities)('a store that lacks "%s" and does not say so fails', async (capability) => {
  expect(await failuresWith([capability], [])).not.toEqual([])
})

test.each(capabilities)('a store that says it lacks "%s" and does not fails', async (capability) => {
  expect(await failuresWith([], [capability])).not.toEqual([])
})

test('a store without a synchronous side declares that', async () => {
  const create: ConformanceOptions['create'] = (options) => limitedStore(options, new Set())
  const failures = await failuresOf(collected({ runs, create }), 1)
  expect(failures[0]).toContain("cannot: { sync: 'why' }")
})

test('a store with a synchronous side does not declare that it has none', async () => {
  const cannot = { sync: 'not true' }
  expect(await failuresOf(collected({ runs, cannot, create: memoryStore }), 1)).toHaveLength(1)
})

test('an unknown capability and an empty reason are refused', () => {
  const unknown = Object.fromEntries([['speed', 'it is slow']])
  expect(() => collected({ create: memoryStore, cannot: unknown })).toThrow(TypeError)
  expect(() => collected({ create: memoryStore, cannot: { clock: ' ' } })).toThrow(TypeError)
})
