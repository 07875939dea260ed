import type { ContextStore } from '@context-store/core'
import { createStore, ownCall } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { expect, test } from 'vitest'
import { MapAdapter } from './map-adapter.ts'

const stores: [string, () => ContextStore][] = [
  ['an asynchronous engine', () => createStore((rules) => new MapAdapter(rules))],
  ['a synchronous engine', () => memoryStore()],
]

test.each(stores)('`close` waits for an `ownCall` on %s, and later ones are refused', async (_, open) => {
  const store = open()
  const session = store.account('a').namespace('n').session('s')
  const patched = session.patch({ a: 1 })
  let finish = (): void => undefined
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  const log: string[] = []
  const call = ownCall(store, {}, async () => {
    await held
    log.push('called')
    return 7
  })
  const closed = store.close().then(() => log.push('closed'))
  await expect(session.get('a')).rejects.toMatchObject({ code: 'closed' })
  await expect(ownCall(store, {}, async () => log.push('late'))).rejects.toMatchObject({ code: 'closed' })
  finish()
  expect(await call).toBe(7)
  await patched
  await closed
  expect(log).toEqual(['called', 'closed'])
})

test.each(stores)(
  '`close` waits for a failing `ownCall` on %s, which rejects with a store’s error',
  async (_, open) => {
    const store = open()
    const cause = new Error('made to fail')
    const call = ownCall(store, {}, async () => {
      throw cause
    })
    const closed = store.close()
    await expect(call).rejects.toMatchObject({ code: 'unavailable', cause, outcome: 'not-applied' })
    await closed
  },
)
