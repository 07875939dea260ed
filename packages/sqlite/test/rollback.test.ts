import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { drivers } from './drivers.ts'
import { codeOf, temporaryFolder } from './temporary.ts'
import { engineError, failCommits, watched } from './watched-database.ts'

const address = { account: '1', namespace: 'orders', session: '42' }
const other = { account: '2', namespace: 'bookings', session: 'other' }

// After a rollback, the next writer gets the same row keys and namespace ids. So each test lets another writer take the
// rows of a failed write, and then uses the handle that made it.

test('after a failed commit of a tick, a handle does not find the session that got its row', async () => {
  const engine = watched(':memory:')
  const store = sqliteStore({ database: engine.database })
  await store.ready()
  const [failing, taking] = [store.session(address), store.session(other)]
  // The commit of both writes, and the retry of the first one alone.
  failCommits(engine, 2)
  const codes = [failing.patch({ mine: 1 }), taking.patch({ theirs: 1 })].map((call) => codeOf(() => call))
  expect(await Promise.all(codes)).toEqual(['unavailable', 'no error'])
  expect(await failing.getAll()).toEqual({})
  expect(await failing.info()).toBeUndefined()
  await failing.delete('theirs')
  await failing.clear()
  expect(await taking.getAll()).toEqual({ theirs: 1 })
  await failing.patch({ mine: 2 })
  expect(await failing.getAll()).toEqual({ mine: 2 })
  expect(await taking.getAll()).toEqual({ theirs: 1 })
})

test('after a failed commit of one write, a handle does not find the session that got its row', async () => {
  const engine = watched(':memory:')
  const store = sqliteStore({ database: engine.database })
  await store.ready()
  const [failing, taking] = [store.session(address), store.session(other)]
  failCommits(engine, 2)
  expect(await codeOf(() => failing.patch({ mine: 1 }))).toBe('unavailable')
  await taking.patch({ theirs: 1 })
  expect(await failing.getAll()).toEqual({})
  expect(await failing.patchIf({ theirs: 1 }, { stolen: true })).toEqual({ ok: false, current: {} })
  await failing.patch({ mine: 2 })
  expect(await taking.getAll()).toEqual({ theirs: 1 })
})

test('after a failed synchronous commit, a handle does not find the session that got its row', () => {
  const engine = watched(':memory:')
  const { sync } = sqliteStore({ database: engine.database })
  sync.ready()
  const [failing, taking] = [sync.session(address), sync.session(other)]
  failCommits(engine, 1)
  expect(() => failing.patch({ mine: 1 })).toThrow(expect.objectContaining({ code: 'unavailable' }))
  taking.patch({ theirs: 1 })
  expect(failing.getAll()).toEqual({})
  failing.patch({ mine: 2 })
  expect(failing.getAll()).toEqual({ mine: 2 })
  expect(taking.getAll()).toEqual({ theirs: 1 })
})

test('writes that could not be rolled back are not read, and are rolled back before the next call', async () => {
  const engine = watched(':memory:')
  const store = sqliteStore({ database: engine.database })
  const session = store.session(address)
  await session.patch({ kept: 1 })
  const { sync } = store
  failCommits(engine, 1)
  engine.failures.set('ROLLBACK', () => engineError('SQLITE_IOERR'))
  const unavailable = expect.objectContaining({ code: 'unavailable', outcome: 'not-applied' })
  expect(() => sync.session(address).patch({ lost: 1 })).toThrow(unavailable)
  expect(() => sync.session(address).getAll()).toThrow(unavailable)
  expect(() => sync.session(address).patch({ refused: 1 })).toThrow(unavailable)
  expect(await codeOf(() => session.getAll())).toBe('unavailable')
  expect(await codeOf(() => session.patch({ refused: 1 }))).toBe('unavailable')
  engine.failures.delete('ROLLBACK')
  expect(await session.getAll()).toEqual({ kept: 1 })
  await session.patch({ more: 2 })
  expect(sync.session(address).getAll()).toEqual({ kept: 1, more: 2 })
})

test('after SQLite ended a transaction by itself, the next transaction of the caller is left alone', () => {
  const engine = watched(':memory:')
  const { database } = engine
  const { sync } = sqliteStore({ database })
  sync.session(address).patch({ kept: 1 })
  engine.failures.set('COMMIT', () => {
    engine.failures.delete('COMMIT')
    database.exec('ROLLBACK')
    return engineError('SQLITE_FULL')
  })
  expect(() => sync.session(address).patch({ lost: 1 })).toThrow(
    expect.objectContaining({ code: 'unavailable' }),
  )
  database.exec('BEGIN; CREATE TABLE mine (id INTEGER)')
  expect(sync.session(address).getAll()).toEqual({ kept: 1 })
  database.exec('COMMIT; INSERT INTO mine VALUES (1)')
})

test('a namespace whose deletion was rolled back keeps its sessions, also for existing handles', () => {
  const engine = watched(':memory:')
  const { sync } = sqliteStore({ database: engine.database })
  const session = sync.session(address)
  session.patch({ a: 1 })
  failCommits(engine, 1)
  expect(() => sync.account('1').namespace('orders').delete()).toThrow()
  expect(session.getAll()).toEqual({ a: 1 })
  session.patch({ b: 2 })
  expect(sync.session(address).getAll()).toEqual({ a: 1, b: 2 })
})

test('after a failed commit, a handle does not find the session of another process in its row', async () => {
  const path = join(temporaryFolder(), 'shared.db')
  const engine = watched(path)
  const store = sqliteStore({ database: engine.database })
  await store.ready()
  const failing = store.session(address)
  failCommits(engine, 2)
  expect(await codeOf(() => failing.patch({ mine: 1 }))).toBe('unavailable')
  const script = fileURLToPath(new URL('fixtures/patch-once.mjs', import.meta.url))
  const { status } = spawnSync(process.execPath, [script, path, JSON.stringify(other)], { stdio: 'inherit' })
  expect(status).toBe(0)
  expect(await store.session(other).getAll()).toEqual({ theirs: 1 })
  expect(await failing.getAll()).toEqual({})
  await failing.patch({ mine: 2 })
  expect(await failing.getAll()).toEqual({ mine: 2 })
  expect(await store.session(other).getAll()).toEqual({ theirs: 1 })
  engine.database.close()
})

test('after a failed commit, a handle finds its own session if another process created it', async () => {
  const path = join(temporaryFolder(), 'shared.db')
  const engine = watched(path)
  const store = sqliteStore({ database: engine.database })
  await store.ready()
  const failing = store.session(address)
  failCommits(engine, 2)
  expect(await codeOf(() => failing.patch({ mine: 1 }))).toBe('unavailable')
  const second = sqliteStore({ path })
  await second.session(other).patch({ theirs: 1 })
  await second.session(address).patch({ created: 'elsewhere' })
  await second.close()
  expect(await failing.getAll()).toEqual({ created: 'elsewhere' })
  engine.database.close()
})

describe.each(drivers)("a caller's savepoint with $name", ({ open }) => {
  test('makes writes unavailable, is neither ended nor joined, and leaves nothing after its rollback', async () => {
    const database = open(join(temporaryFolder(), 'a.db'))
    const store = sqliteStore({ database })
    const { sync } = store
    sync.session(other).patch({ theirs: 1 })
    const [session, known] = [sync.session(address), sync.session(other)]
    database.exec('CREATE TABLE own (a INTEGER); SAVEPOINT mine; INSERT INTO own VALUES (1)')
    expect(() => session.patch({ a: 1 })).toThrow(
      expect.objectContaining({ code: 'unavailable', outcome: 'not-applied' }),
    )
    expect(() => sync.account('1').namespace('orders').create()).toThrow('a transaction is open')
    expect(() => known.clear()).toThrow('a transaction is open')
    expect(await codeOf(() => store.session(address).patch({ a: 1 }))).toBe('unavailable')
    expect(session.getAll()).toEqual({})
    expect(known.getAll()).toEqual({ theirs: 1 })
    expect(database.prepare('SELECT count(*) AS rows FROM own').get()).toEqual({ rows: 1 })
    database.exec('ROLLBACK TO mine; RELEASE mine')
    expect(database.prepare('SELECT count(*) AS rows FROM own').get()).toEqual({ rows: 0 })
    expect(session.getAll()).toEqual({})
    session.patch({ a: 2 })
    expect(session.getAll()).toEqual({ a: 2 })
    expect(known.getAll()).toEqual({ theirs: 1 })
    database.close()
  })

  test('may be open at the first call, which rejects and leaves no tables', () => {
    const database = open(':memory:')
    const { sync } = sqliteStore({ database })
    database.exec('SAVEPOINT mine')
    expect(() => sync.session(address).patch({ a: 1 })).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    )
    database.exec('ROLLBACK TO mine; RELEASE mine')
    expect(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()).toEqual({ tables: 0 })
    sync.session(address).patch({ a: 2 })
    expect(sync.session(address).getAll()).toEqual({ a: 2 })
    database.close()
  })
})

const addresses = ['a', 'b'].flatMap((account) =>
  ['n', 'm'].map((namespace) => ({ account, namespace, session: 's' })),
)

test('random calls of two connections, some of whose commits fail, match a model', () => {
  const step = fc.record({
    call: fc.constantFrom('patch', 'delete', 'clear', 'delete namespace', 'get', 'get'),
    at: fc.nat(addresses.length - 1),
    on: fc.nat(1),
    fails: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 30 }), (steps) => {
      const path = join(temporaryFolder(), 'a.db')
      const sides = [watched(path), watched(path)].map((engine) => {
        const { sync } = sqliteStore({ database: engine.database, durability: 'relaxed' })
        return { engine, sync, sessions: addresses.map((each) => sync.session(each)) }
      })
      for (const { sync } of sides) sync.ready()
      const model = addresses.map((): Record<string, number> => ({}))
      for (const [index, { call, at, on, fails }] of steps.entries()) {
        const [side, where, expected] = [sides[on], addresses[at], model[at]]
        const session = side?.sessions[at]
        if (side === undefined || where === undefined || session === undefined)
          throw new Error('out of range')
        if (call === 'get') {
          expect(session.getAll()).toEqual(expected)
          continue
        }
        if (fails) failCommits(side.engine, 1)
        const write = (): void => {
          if (call === 'patch') session.patch({ [`p${at}`]: index })
          else if (call === 'delete') session.delete(`p${at}`)
          else if (call === 'clear') session.clear()
          else side.sync.account(where.account).namespace(where.namespace).delete()
        }
        if (fails) expect(write).toThrow(expect.objectContaining({ outcome: 'not-applied' }))
        else {
          write()
          model[at] = call === 'patch' ? { [`p${at}`]: index } : {}
        }
        side.engine.failures.clear()
      }
      for (const { sessions, engine } of sides) {
        expect(sessions.map((session) => session.getAll())).toEqual(model)
        engine.database.close()
      }
    }),
  )
})
