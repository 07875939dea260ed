import type { Session } from '@context-store/core'
import Keyv from 'keyv'
import { expect, test } from 'vitest'
import { keyvStore } from '../src/index.ts'

// What the README does not promise. If one of these tests fails, the README promises too little.

const address = { account: '577089', namespace: 'orders', session: '42' }

/** A separate storage adapter object on values that others share; reads are answered once `reading` resolves. */
function adapterOver(values: Map<string, unknown>, reading: () => Promise<void>) {
  return {
    get: async (key: string) => {
      const value = values.get(key)
      await reading()
      return value
    },
    set: async (key: string, value: unknown) => void values.set(key, value),
    delete: async (key: string) => values.delete(key),
    clear: async () => values.clear(),
  }
}

/** One session through two adapter objects, whose next writes decide only after both have read it. */
async function sharedSession(): Promise<{ first: Session; second: Session; meet: () => void }> {
  const values = new Map<string, unknown>()
  let meeting: Promise<void> | undefined
  let reads = 0
  let goOn = (): void => undefined
  const reading = async (): Promise<void> => {
    // Two reads for each of the two: of the namespace, and of the session.
    if (meeting !== undefined && ++reads === 4) goOn()
    await meeting
  }
  const session = (): Session => keyvStore(new Keyv({ store: adapterOver(values, reading) })).session(address)
  const first = session()
  await first.patch({ owner: 'nobody' })
  const meet = (): void => {
    meeting = new Promise((resolve) => {
      goOn = resolve
    })
  }
  return { first, second: session(), meet }
}

test('of two simultaneous patches through two adapter objects on one storage, one is lost', async () => {
  const { first, second, meet } = await sharedSession()
  meet()
  await Promise.all([first.patch({ a: 1 }), second.patch({ b: 2 })])
  const found = await first.getAll()
  expect([
    { owner: 'nobody', a: 1 },
    { owner: 'nobody', b: 2 },
  ]).toContainEqual(found)
})

test('two conditional writes through two adapter objects may both report success', async () => {
  const { first, second, meet } = await sharedSession()
  meet()
  const outcomes = await Promise.all([
    first.patchIf({ owner: 'nobody' }, { owner: 'first' }),
    second.patchIf({ owner: 'nobody' }, { owner: 'second' }),
  ])
  expect(outcomes).toEqual([{ ok: true }, { ok: true }])
})

test('a write that the backend silently drops is not noticed', async () => {
  const adapter = adapterOver(new Map(), async () => undefined)
  const session = keyvStore(new Keyv({ store: adapter })).session(address)
  await session.patch({ a: 1 })
  adapter.set = async () => undefined
  await session.patch({ a: 2 })
  expect(await session.getAll()).toEqual({ a: 1 })
})
