import type { ContextStore, Session } from '@context-store/core'
import Keyv from 'keyv'
import { expect, test } from 'vitest'
import { keyvStore } from '../src/index.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

test.each<readonly [string, (session: Session, store: ContextStore) => Promise<unknown>]>([
  ['getAll', (session) => session.getAll()],
  ['get', (session) => session.get('extended')],
  ['info', (session) => session.info()],
  [
    'listSessions',
    async (_session, store) =>
      (await store.account(address.account).namespace(address.namespace).listSessions()).items[0],
  ],
])(
  '%s: a read that began earlier finds a session whose life another store extends before its expiry',
  async (_, read) => {
    const values = new Map<string, unknown>()
    let [time, isRead] = [1000, false]
    const other = keyvStore(new Keyv({ store: values }), { now: () => 1000 }).session(address)
    await other.patch({ extended: false }, { ttlSeconds: 1 })
    const backend = {
      get: async (key: string) => {
        const value = values.get(key)
        if (!isRead && String(value).includes('extended')) {
          isRead = true
          await other.patch({ extended: true }, { ttlSeconds: 60 })
          time = 2000
        }
        return value
      },
      set: async (key: string, value: unknown) => values.set(key, value),
      delete: async (key: string) => values.delete(key),
      clear: async () => values.clear(),
    }
    const reader = keyvStore(new Keyv({ store: backend }), { now: () => time })
    const found = await read(reader.session(address), reader)
    expect(isRead).toBe(true)
    expect(found).toBeDefined()
    expect(found).not.toEqual({})
  },
)
