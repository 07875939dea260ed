import { join } from 'node:path'
import { absent } from '@context-store/core'
import { describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { drivers } from './drivers.ts'
import { codeOf, temporaryFolder } from './temporary.ts'

const hostile = [
  'plain',
  'a\u0000b',
  'a\u0000',
  '\u0000',
  '\u0001',
  '\u0001a',
  '\u0001b\u0000',
  "'; --",
  'é',
  '😀',
  '%_',
]

describe.each(drivers)('a database opened with $name', ({ open }) => {
  test('keeps the data, and stays open when the store is closed', async () => {
    const database = open(join(temporaryFolder(), 'a.db'))
    const store = sqliteStore({ database })
    const session = store.account('1').namespace('orders').session('42')
    await session.patch({ step: 1, text: 'a\u0000b\u2028"', list: [1.5, null, { a: true }] })
    await session.patch({ step: 2, draft: 'x' }, { ttlSeconds: 60 })
    expect(await session.patchIf({ step: 1 }, { step: 3 })).toEqual({ ok: false, current: { step: 2 } })
    expect(await session.patchIf({ step: 2 }, { draft: absent })).toEqual({ ok: true })
    expect(store.sync.session({ account: '1', namespace: 'orders', session: '42' }).getAll()).toEqual({
      step: 2,
      text: 'a\u0000b\u2028"',
      list: [1.5, null, { a: true }],
    })
    expect((await session.info())?.ttlSeconds).toBe(60)
    await store.close()
    expect(database.prepare('SELECT count(*) AS sessions FROM context_sessions').get()).toEqual({
      sessions: 1,
    })
    database.close()
  })

  test('returns every id unchanged', async () => {
    const database = open(':memory:')
    const store = sqliteStore({ database })
    for (const account of hostile) {
      for (const namespace of hostile) {
        for (const session of hostile) {
          store.sync.session({ account, namespace, session }).patch({ at: [account, namespace, session] })
        }
      }
    }
    const sorted = hostile.toSorted()
    expect([...store.sync.accounts()].sort()).toEqual(sorted)
    for (const account of hostile) {
      const namespaces = [...store.sync.account(account).namespaces()].map(({ name }) => name)
      expect(namespaces.sort()).toEqual(sorted)
      for (const namespace of hostile) {
        const sessions = store.sync.account(account).namespace(namespace)
        const ids: string[] = []
        let cursor: string | undefined
        do {
          const page = sessions.listSessions({ limit: 3, cursor })
          ids.push(...page.items.map(({ id }) => id))
          cursor = page.cursor
        } while (cursor !== undefined)
        expect(ids.sort()).toEqual(sorted)
        for (const session of ids) {
          expect(sessions.session(session).get('at')).toEqual([account, namespace, session])
        }
      }
    }
    await store.close()
    database.close()
  })

  test('is unavailable once the caller has closed it', async () => {
    const database = open(':memory:')
    const store = sqliteStore({ database })
    await store.ready()
    database.close()
    expect(await codeOf(() => store.session({ account: '1', namespace: 'n' }).patch({ a: 1 }))).toBe(
      'unavailable',
    )
    expect(await codeOf(() => store.sync.ready())).toBe('unavailable')
  })

  test('a transaction of the caller is neither joined nor ended', async () => {
    const database = open(':memory:')
    const store = sqliteStore({ database })
    await store.ready()
    database.exec('BEGIN')
    database.exec('CREATE TABLE own (a INTEGER)')
    const session = store.session({ account: '1', namespace: 'n' })
    expect(await codeOf(() => session.patch({ a: 1 }))).toBe('unavailable')
    database.exec('COMMIT')
    await session.patch({ a: 2 })
    expect(await session.getAll()).toEqual({ a: 2 })
    expect(database.prepare('SELECT count(*) AS found FROM own').get()).toEqual({ found: 0 })
    database.close()
  })
})
