import { join } from 'node:path'
import { ownCall } from '@context-store/core/adapter'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { codeOf, temporaryFolder } from './temporary.ts'
import { engineError, watched } from './watched-database.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

test('writes are committed while timers are faked', async () => {
  const store = sqliteStore({ path: join(temporaryFolder(), 'faked.db') })
  onTestFinished(() => store.close())
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  await store.session(address).patch({ a: 1 })
  expect(await store.session(address).getAll()).toEqual({ a: 1 })
})

test('the writes of one tick share a transaction and resolve after its commit', async () => {
  const { database, log } = watched(':memory:')
  const store = sqliteStore({ database })
  const session = store.session(address)
  await session.patch({ begun: true })
  log.length = 0
  const told: string[] = []
  await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      await session.patch({ [name]: 1 })
      told.push(`${name} after ${log.filter((entry) => entry === 'COMMIT').length}`)
    }),
  )
  expect(log).toEqual(['BEGIN', 'UPDATE', 'UPDATE', 'UPDATE', 'COMMIT'])
  expect(told).toEqual(['a after 1', 'b after 1', 'c after 1'])
})

test('64 concurrent patches of different properties all take effect', async () => {
  const store = sqliteStore({ path: join(temporaryFolder(), 'a.db') })
  await Promise.all(
    Array.from({ length: 64 }, (_, index) => store.session(address).patch({ [`property${index}`]: index })),
  )
  expect(Object.keys(await store.session(address).getAll())).toHaveLength(64)
  await store.close()
})

test('a call sees every earlier one, awaited or not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('patch', 'delete', 'clear', 'get', 'sync get', 'sync patch', 'turn'), {
        minLength: 1,
        maxLength: 30,
      }),
      async (steps) => {
        const store = sqliteStore({ path: ':memory:' })
        const session = store.session(address)
        const { sync } = store
        const pending: Promise<void>[] = []
        let current: number | undefined
        for (const [index, step] of steps.entries()) {
          if (step === 'patch' || step === 'sync patch') current = index
          if (step === 'delete' || step === 'clear') current = undefined
          const expected = current
          if (step === 'patch') pending.push(session.patch({ value: index }))
          if (step === 'delete') pending.push(session.delete('value'))
          if (step === 'clear') pending.push(session.clear())
          if (step === 'sync patch') sync.session(address).patch({ value: index })
          if (step === 'sync get') expect(sync.session(address).get('value')).toBe(expected)
          if (step === 'get') pending.push(session.get('value').then((value) => expect(value).toBe(expected)))
          if (step === 'turn') await new Promise((resolve) => setImmediate(resolve))
        }
        await Promise.all(pending)
        await store.close()
      },
    ),
  )
})

test('a call that the store rejects fails alone and leaves nothing behind', async () => {
  const store = sqliteStore({ path: ':memory:', limits: { documentLength: 100 } })
  const session = store.session(address)
  const outcomes = await Promise.allSettled([
    session.patch({ a: 1 }),
    session.patch({ b: 1, large: 'x'.repeat(200) }),
    store.session({ ...address, namespace: 'other' }).patch({ large: 'x'.repeat(200) }),
    session.patch({ c: 1 }),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  expect(await session.getAll()).toEqual({ a: 1, c: 1 })
  expect(await store.account('1').namespace('other').info()).toBeUndefined()
})

test('a call that the engine rejects fails alone, and the others are retried without it', async () => {
  const { database } = watched(':memory:')
  const store = sqliteStore({ database })
  await store.ready()
  database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON context_sessions WHEN new.id = 'bad'
    BEGIN SELECT raise(ABORT, 'refused'); END`)
  const session = (id: string) => store.session({ ...address, session: id })
  const writes = ['a', 'bad', 'b'].map((id) => session(id).patch({ id }))
  expect(await Promise.all(writes.map((write) => codeOf(() => write)))).toEqual([
    'no error',
    'unavailable',
    'no error',
  ])
  expect([...store.sync.account('1').namespace('orders').sessions()].map(({ id }) => id)).toEqual(['a', 'b'])
})

test('if no transaction can begin, every write is rejected after one attempt', async () => {
  const { database, log, failures } = watched(':memory:')
  const store = sqliteStore({ database })
  await store.session(address).patch({ a: 0 })
  log.length = 0
  failures.set('BEGIN', () => engineError('SQLITE_BUSY'))
  const writes = [1, 2, 3].map((a) => store.session(address).patch({ a }))
  expect(await Promise.all(writes.map((write) => codeOf(() => write)))).toEqual(Array(3).fill('unavailable'))
  expect(log).toEqual(['BEGIN'])
  failures.clear()
  expect(await store.session(address).get('a')).toBe(0)
})

test('a commit with an unknown outcome rejects every write as unknown and is not retried', async () => {
  const { database, log, failures } = watched(':memory:')
  const store = sqliteStore({ database })
  await store.session(address).patch({ a: 0 })
  log.length = 0
  failures.set('COMMIT', () => engineError('SQLITE_IOERR_FSYNC'))
  const writes = await Promise.allSettled([1, 2].map((a) => store.session(address).patch({ a })))
  for (const write of writes) {
    expect(write).toMatchObject({ status: 'rejected', reason: { code: 'unavailable', outcome: 'unknown' } })
  }
  expect(log).toEqual(['BEGIN', 'UPDATE', 'UPDATE', 'COMMIT', 'ROLLBACK'])
  expect(() => store.sync.session(address).patch({ a: 3 })).toThrow(
    expect.objectContaining({ outcome: 'unknown' }),
  )
  failures.clear()
  await store.session(address).patch({ b: 1 })
  expect(await store.session(address).getAll()).toEqual({ a: 0, b: 1 })
})

test('a failed commit is retried call by call', async () => {
  const { database, log, failures } = watched(':memory:')
  const store = sqliteStore({ database })
  await store.session(address).patch({ a: 0 })
  log.length = 0
  failures.set('COMMIT', () => {
    failures.clear()
    return engineError('SQLITE_FULL')
  })
  await Promise.all([1, 2].map((a) => store.session(address).patch({ a })))
  expect(log.filter((entry) => entry === 'COMMIT')).toHaveLength(3)
  expect(await store.session(address).get('a')).toBe(2)
})

test('`close` commits the waiting writes, and later calls do not open the file again', async () => {
  const path = join(temporaryFolder(), 'a.db')
  const store = sqliteStore({ path })
  const write = store.session(address).patch({ a: 1 })
  await store.close()
  await write
  expect(await codeOf(() => store.session(address).get('a'))).toBe('closed')
  expect(await codeOf(() => store.backup(`${path}.copy`))).toBe('closed')
  await store.close()

  const again = sqliteStore({ path })
  const { sync } = again
  const second = again.session(address).patch({ b: 2 })
  sync.close()
  await second
  expect(() => sync.session(address).getAll()).toThrow(expect.objectContaining({ code: 'closed' }))
  const third = sqliteStore({ path })
  expect(await third.session(address).getAll()).toEqual({ a: 1, b: 2 })
  await third.close()
})

test('a call beyond the store API, such as a backup, is made after the waiting writes have been committed', async () => {
  const path = join(temporaryFolder(), 'a.db')
  const [store, other] = [sqliteStore({ path }), sqliteStore({ path })]
  const write = store.session(address).patch({ a: 1 })
  const seen = ownCall(store, {}, async () => other.sync.session(address).getAll())
  expect(await seen).toEqual({ a: 1 })
  await write
  await Promise.all([store.close(), other.close()])
})
