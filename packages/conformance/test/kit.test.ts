import type { ContextStore, StoreOptions } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { expect, test } from 'vitest'
import { alteredStore } from './altered-store.ts'
import { collected, failuresOf } from './collected-kit.ts'

const rows = [
  ...[
    'identifiers',
    '__default__',
    'property names',
    'values',
    'patch',
    'patchIf',
    'update',
    'isolation',
    'existence',
  ],
  ...[
    'idempotence',
    'time to live',
    'size',
    'listings',
    'order of effects',
    'the clock',
    'options',
    'after close()',
    'errors',
  ],
]

/** A memory store that loses every third patch. */
function forgetful(): ContextStore {
  let calls = 0
  return alteredStore(memoryStore(), {
    session: (session) => ({
      patch: async (properties, options) => {
        if (++calls % 3 !== 0) await session.patch(properties, options)
      },
    }),
  })
}

test('every row has cases, on both sides, and the name of each test starts with its row', () => {
  const names = collected({ sync: true, create: memoryStore }).map(({ name }) => name)
  for (const row of rows) {
    const own = names.filter((name) => name.startsWith(`[${row}] it: `))
    // Some cases run once, whether there are one or two sides.
    const onSync = own.filter((name) => name.endsWith(' (sync)')).length
    expect(onSync, row).toBeGreaterThan(0)
    expect(onSync, row).toBeLessThanOrEqual(own.length / 2)
    expect(own.length, row).toBeGreaterThan(0)
  }
  expect(names.filter((name) => name.startsWith('[synchronous side] it: ')).length).toBeGreaterThan(0)
  expect(new Set(names).size).toBe(names.length)
})

test('a failure starts with its row, and says what was found and what was expected', async () => {
  const failures = await failuresOf(collected({ create: forgetful, runs: 5 }), 1000)
  expect(failures.length).toBeGreaterThan(10)
  for (const failure of failures) expect(failure).toMatch(/^\[[a-z_ ()]+\] .+: .+/is)
})

test('a failure says whether it happened without `now`', async () => {
  const wrongWithout = (options: StoreOptions): ContextStore =>
    options.now ? memoryStore(options) : forgetful()
  const wrongWith = (options: StoreOptions): ContextStore =>
    options.now ? forgetful() : memoryStore(options)
  const cases = ({ name }: { readonly name: string }): boolean => name.includes('replaces a nested object')
  const [without] = await failuresOf(collected({ create: wrongWithout }).filter(cases), 1)
  const [withNow] = await failuresOf(collected({ create: wrongWith }).filter(cases), 1)
  expect(without).toMatch(/^\[patch\] replaces a nested object or array whole \(without now\): /)
  expect(withNow).toMatch(/^\[patch\] replaces a nested object or array whole: /)
})

test('a random failure prints its seed, and that seed finds it again', async () => {
  const random = (seed?: number) =>
    collected({ create: forgetful, runs: 2000, seed }).filter(({ name }) =>
      name.includes('one by one, in their order'),
    )
  const [first = ''] = await failuresOf(random(), 1)
  const seed = Number(/with seed (-?\d+)/.exec(first)?.[1])
  expect(Number.isInteger(seed)).toBe(true)
  const [second] = await failuresOf(random(seed), 1)
  expect(second).toBe(first)
})

test('the kit closes every store, even after a failure', async () => {
  let open = 0
  const create = (): ContextStore => {
    const store = forgetful()
    open++
    let closed = false
    const close = async (): Promise<void> => {
      if (!closed) open--
      closed = true
      await store.close()
    }
    return { ...store, close, [Symbol.asyncDispose]: close }
  }
  await failuresOf(collected({ create, runs: 5 }), 1000)
  expect(open).toBe(0)
})

test('`create` may be asynchronous, and its error fails the test', async () => {
  const create = async (options: Parameters<typeof memoryStore>[0]) => memoryStore(options)
  expect(await failuresOf(collected({ create, sync: true, runs: 5 }), 1)).toEqual([])
  const broken = collected({
    create: () => Promise.reject(new Error('no server')),
    runs: 5,
  })
  expect(await failuresOf(broken, 1)).toEqual([expect.stringContaining('no server')])
})

test('with `clock`, the kit moves the runner’s clock', async () => {
  let time = Date.UTC(2030, 0, 1)
  const clock = {
    now: () => time,
    set: (to: number) => {
      time = to
    },
  }
  const create = (options: Parameters<typeof memoryStore>[0]) => {
    expect(options).not.toHaveProperty('now')
    return memoryStore({ ...options, now: () => time })
  }
  expect(await failuresOf(collected({ create, sync: true, clock, runs: 5 }), 1)).toEqual([])
})
