import { createStore, type PatchRequest, promised, type SyncStorageAdapter } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { expect, test } from 'vitest'

const session = () => memoryStore().account('a').namespace('n').session('s')

test('calls made after an update take effect after it, in their order', async () => {
  const counter = session()
  await counter.patch({ turns: 1 })
  const update = counter.update(['turns'], ({ turns }) => ({ turns: Number(turns) + 1 }))
  const calls = [counter.get('turns'), counter.patch({ turns: 10 }), counter.get('turns')]
  expect(await Promise.all(calls)).toEqual([2, undefined, 10])
  expect(await update).toEqual({ turns: 2 })
})

test('an update of another session waits for nobody', async () => {
  const store = memoryStore().account('a').namespace('n')
  await Promise.all([store.session('1').update([], () => ({ a: 1 })), store.session('2').patch({ a: 2 })])
  expect(await store.session('2').getAll()).toEqual({ a: 2 })
})

test('1,280 updates at once are 1,280 turns', async () => {
  const counter = session()
  const one = () => counter.update(['turns'], ({ turns = 0 }) => ({ turns: Number(turns) + 1 }))
  const results = await Promise.all(Array.from({ length: 1280 }, one))
  expect(new Set(results.map(({ turns }) => turns)).size).toBe(1280)
  expect(await counter.get('turns')).toBe(1280)
})

test('what change throws reaches the caller, and what waits goes on', async () => {
  const counter = session()
  const failing = counter.update(['a'], () => {
    throw new Error('mine')
  })
  const behind = counter.patch({ a: 1 })
  await expect(failing).rejects.toThrow('mine')
  await behind
  expect(await counter.getAll()).toEqual({ a: 1 })
})

test('an asynchronous change is refused, since nothing would be written', async () => {
  const change = (async () => ({ a: 1 })) as never
  await expect(session().update(['a'], change)).rejects.toMatchObject({ code: 'invalid-value' })
})

test('close waits for an update under way', async () => {
  const store = memoryStore()
  const counter = store.account('a').namespace('n').session()
  const update = counter.update(['a'], () => ({ a: 1 }))
  await store.close()
  expect(await update).toEqual({ a: 1 })
  await expect(counter.get('a')).rejects.toMatchObject({ code: 'closed' })
})

/** An engine, by name a fake: `patch` is given; whatever else is asked of it is not there. */
function fakeEngine(patch: SyncStorageAdapter['patch'], stored: object): SyncStorageAdapter {
  const nothing = () => undefined
  return {
    ready: nothing,
    createNamespace: nothing,
    namespaceInfo: nothing,
    deleteNamespace: nothing,
    listNamespaces: () => ({ items: [], next: undefined }),
    listAccounts: () => ({ items: [], next: undefined }),
    patch,
    readProperty: nothing,
    readProperties: () => structuredClone(stored) as never,
    deleteProperties: nothing,
    clearSession: nothing,
    sessionInfo: nothing,
    listSessions: () => ({ items: [], next: undefined }),
    reclaim: nothing,
    close: nothing,
  }
}

test('an update that loses every race is a conflict', async () => {
  let races = 0
  const engine = fakeEngine(
    () => {
      races++
      return { a: races }
    },
    { a: 0 },
  )
  const counter = createStore(promised(engine)).account('a').namespace('n').session()
  await expect(counter.update(['a'], () => ({ a: 1 }))).rejects.toMatchObject({
    code: 'conflict',
    address: { account: 'a', namespace: 'n', session: '__default__' },
  })
  expect(races).toBeGreaterThanOrEqual(100)
})

test('where an engine compares texts, core asks again with the stored one', async () => {
  const stored = '{"y":1,"x":2}'
  const asked: string[] = []
  const engine = fakeEngine((_address, request: PatchRequest) => {
    asked.push(JSON.stringify(request.expected?.values.a))
    if (asked.at(-1) === stored) return undefined
    return { a: JSON.parse(stored) }
  }, {})
  const document = createStore(promised(engine)).account('a').namespace('n').session()
  expect(await document.patchIf({ a: { x: 2, y: 1 } }, { b: 1 })).toEqual({ ok: true })
  expect(asked).toEqual(['{"x":2,"y":1}', stored])
  expect(await document.patchIf({ a: { x: 3 } }, { b: 1 })).toEqual({
    ok: false,
    current: { a: { x: 2, y: 1 } },
  })
})
