import type { StoreOptions } from '@context-store/core'
import { createStore, createStoreWithSync } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import fc from 'fast-check'
import { collected, failuresOf } from './collected-kit.ts'
import { faultyPrograms, runFaultyProgram } from './faulty-programs.ts'
import { PlainAdapter } from './plain-adapter.ts'
import { TextAdapter } from './text-adapter.ts'
import { TransactionalAdapter } from './transactional-adapter.ts'

/** The stores that the kit runs on to check core and memory. */
const stores = {
  memory: { sync: true, create: (options: StoreOptions) => memoryStore(options) },
  transactional: {
    sync: true,
    create: (options: StoreOptions) =>
      createStoreWithSync((rules) => new TransactionalAdapter(rules, () => undefined), options),
  },
  text: { sync: false, create: (options: StoreOptions) => ofText(options, false) },
  'ordered text': { sync: false, create: (options: StoreOptions) => ofText(options, true) },
}

/** A check of core or memory: the kit's cases of a row on one of these stores, or a separate program. */
export type CoreCheck = { readonly store: keyof typeof stores; readonly row: string } | keyof typeof programs

/** Runs a check; returns its failures. */
export async function failuresOfCheck(check: CoreCheck): Promise<string[]> {
  if (typeof check === 'object') {
    const tests = collected({ ...stores[check.store], runs: 20, seed: 20_260_101 })
    return failuresOf(
      tests.filter(({ name }) => name.startsWith(`[${check.row}]`)),
      1,
    )
  }
  try {
    await programs[check]()
    return []
  } catch (error) {
    return [String(error)]
  }
}

const programs = {
  'faulty engine': () =>
    fc.assert(fc.asyncProperty(faultyPrograms, runFaultyProgram), {
      numRuns: 400,
      seed: 1,
      endOnFailure: true,
    }),
  'failing reclaim': failingReclaim,
  'bytes given back': bytesGivenBack,
}

/** On an engine whose `reclaim` fails, the preceding writes are applied and do not fail. */
async function failingReclaim(): Promise<void> {
  const fail = (): boolean => {
    throw new Error('the engine cannot reclaim')
  }
  const engines = [
    class extends PlainAdapter {
      reclaim = fail
    },
    class extends TransactionalAdapter {
      reclaim = fail
    },
  ]
  for (const Engine of engines) {
    const store = createStoreWithSync((rules) => new Engine(rules, () => undefined))
    const address = { account: 'a', namespace: 'n' }
    for (let n = 0; n < 200; n++) {
      store.sync.session(address).patch({ n })
      await store.session(address).patch({ m: n })
    }
    const { n, m } = await store.session(address).getAll()
    if (n !== 199 || m !== 199) throw new Error('a write is lost')
    await store.close()
  }
}

/** In a bounded memory store, the bytes of ended sessions are available again, however the sessions ended. */
async function bytesGivenBack(): Promise<void> {
  let now = 0
  const store = memoryStore({ maxBytes: 100_000, now: () => now })
  const namespace = store.account('a').namespace('n')
  const text = 'x'.repeat(10_000)
  await namespace.session('stays').patch({ text })
  for (let round = 0; round < 50; round++) {
    const sessions = ['1', '2', '3', '4', '5'].map((id) => namespace.session(`${id} of ${round}`))
    const [one, two, three, four, five] = sessions
    if (round % 5 === 0) await store.account('a').namespace('m').session(`${round}`).patch({ text })
    // Read, so that it is not the session least recently used; its bytes alone must not make room.
    for (const [index, session] of sessions.slice(0, 2).entries()) {
      await session.patch({ text: text + index }, { ttlSeconds: index })
    }
    await one?.clear()
    now += 1000
    await two?.getAll()
    await three?.patch({ text })
    await three?.delete('text')
    await four?.patch({ text })
    await four?.clearIf({ text })
    await five?.patch({ text: text + text })
    await five?.patch({ text: 'short' })
    await five?.clear()
    await store.account('a').namespace('m').delete()
    if ((await namespace.session('stays').get('text')) === undefined) {
      throw new Error(`round ${round}: a session was removed to make room, although there was enough`)
    }
    // It is the oldest again: the next round would remove it first.
    for (let index = 0; index < 2; index++) await namespace.session('young').patch({ index })
  }
}

function ofText(options: StoreOptions, keepsOrder: boolean): ReturnType<typeof createStore> {
  let calls = 0
  // Calls take different times, unless the engine promises to keep their order.
  const arrive = async (): Promise<void> => {
    const turns = keepsOrder ? 2 : (++calls * 7) % 5
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
  }
  return createStore((rules) => new TextAdapter(rules, { keepsOrder, arrive }), options)
}
