import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { migrate, migrations, schemaVersion } from '../src/schema.ts'
import { BetterSqlite3 } from './drivers.ts'
import { codeOf, temporaryFolder } from './temporary.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

test('tables of a newer version are refused, and nothing is written', async () => {
  const path = join(temporaryFolder(), 'a.db')
  const first = sqliteStore({ path })
  await first.session(address).patch({ a: 1 })
  await first.close()
  const database = new BetterSqlite3(path)
  database.exec('UPDATE context_schema SET version = version + 1; PRAGMA journal_mode = DELETE')
  database.close()
  const before = readFileSync(path)

  const store = sqliteStore({ path })
  expect(await codeOf(() => store.ready())).toBe('corrupt')
  expect(await codeOf(() => store.session(address).patch({ a: 2 }))).toBe('corrupt')
  expect(await codeOf(() => store.sync.session(address).get('a'))).toBe('corrupt')
  await store.close()
  expect(readFileSync(path).equals(before)).toBe(true)
})

test('tables of an older version are migrated, all steps or none, and keep their sessions', async () => {
  const database = new BetterSqlite3(':memory:')
  const store = sqliteStore({ database })
  await store.session(address).patch({ a: 1 })
  const added = 'ALTER TABLE context_sessions ADD COLUMN note TEXT'

  expect(() => migrate(database, true, [...migrations, added, 'ALTER TABLE nothing ADD COLUMN a'])).toThrow()
  expect(schemaVersion(database, true)).toBe(migrations.length)
  expect(database.prepare('SELECT * FROM context_sessions').get()).not.toHaveProperty('note')

  migrate(database, true, [...migrations, added])
  expect(schemaVersion(database, true, migrations.length + 1)).toBe(migrations.length + 1)
  expect(database.prepare('SELECT * FROM context_sessions').get()).toHaveProperty('note', null)
  expect(await store.session(address).getAll()).toEqual({ a: 1 })
  migrate(database, true, [...migrations, added])
})

test('an invalid version is refused', async () => {
  for (const damage of [
    'DELETE FROM context_schema',
    'UPDATE context_schema SET version = 0',
    'INSERT INTO context_schema VALUES (1)',
  ]) {
    const database = new BetterSqlite3(':memory:')
    await sqliteStore({ database }).ready()
    database.exec(damage)
    expect(await codeOf(() => sqliteStore({ database }).ready())).toBe('corrupt')
  }
})

test("other tables of a caller's database are left alone, and one with a name of ours is refused", async () => {
  const database = new BetterSqlite3(':memory:')
  database.exec(
    "CREATE TABLE sessions (a TEXT); INSERT INTO sessions VALUES ('mine'); PRAGMA user_version = 7",
  )
  const store = sqliteStore({ database })
  await store.session(address).patch({ a: 1 })
  expect(database.prepare('SELECT * FROM sessions').all()).toEqual([{ a: 'mine' }])
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 7 })

  const other = new BetterSqlite3(':memory:')
  other.exec("CREATE TABLE context_sessions (a TEXT); INSERT INTO context_sessions VALUES ('mine')")
  expect(await codeOf(() => sqliteStore({ database: other }).ready())).toBe('corrupt')
  expect(other.prepare('SELECT * FROM context_sessions').all()).toEqual([{ a: 'mine' }])
})

test("a path to another program's database is refused, and nothing is written", async () => {
  const path = join(temporaryFolder(), 'other.db')
  const database = new BetterSqlite3(path)
  database.exec('CREATE TABLE bookmarks (url TEXT)')
  database.close()
  const before = readFileSync(path)
  const store = sqliteStore({ path })
  expect(await codeOf(() => store.ready())).toBe('corrupt')
  await store.close()
  expect(readFileSync(path).equals(before)).toBe(true)
})

test('`durability` sets `synchronous` of the connection; the default is full', async () => {
  for (const [durability, synchronous] of [
    [undefined, 2],
    ['full', 2],
    ['relaxed', 1],
  ] as const) {
    const database = new BetterSqlite3(join(temporaryFolder(), 'a.db'))
    await sqliteStore({ database, durability }).ready()
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous })
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    database.close()
  }
})

test('invalid options are refused', async () => {
  const database = new BetterSqlite3(':memory:')
  const wrong: unknown[] = [
    undefined,
    {},
    { path: '' },
    { path: 7 },
    { database: null },
    { database: {} },
    { path: ':memory:', database },
    { path: ':memory:', durability: 'none' },
    { path: ':memory:', namespaces: 'some' },
  ]
  for (const options of wrong) {
    expect(await codeOf(() => Reflect.apply(sqliteStore, undefined, [options]))).toBe('invalid-option')
  }
})

test('a deleted namespace is gone at once, and its rows are deleted in steps', async () => {
  const database = new BetterSqlite3(':memory:')
  const store = sqliteStore({ database })
  const namespace = store.account('1').namespace('orders')
  const kept = store.account('1').namespace('kept')
  await Promise.all([
    ...Array.from({ length: 2500 }, (_, index) => namespace.session(`${index}`).patch({ index })),
    kept.session('a').patch({ a: 1 }),
  ])
  const rows = () =>
    database.prepare('SELECT count(*) AS rows FROM context_sessions').get() as { rows: number }
  const handle = namespace.session('2000')
  expect(await handle.get('index')).toBe(2000)
  await namespace.delete()
  expect(rows()).toEqual({ rows: 1501 })
  expect(await handle.getAll()).toEqual({})
  expect(await handle.info()).toBeUndefined()
  await handle.patch({ again: true })
  expect((await namespace.listSessions()).items.map(({ id }) => id)).toEqual(['2000'])
  for (let write = 0; write < 1000; write++)
    store.sync.account('1').namespace('kept').session('a').patch({ write })
  expect(rows()).toEqual({ rows: 2 })
  expect(database.prepare('SELECT count(*) AS left FROM context_deleted_namespaces').get()).toEqual({
    left: 0,
  })
  expect(await handle.getAll()).toEqual({ again: true })
})

test('later writes delete the rows of expired sessions, and a patch creates such a session again', async () => {
  const database = new BetterSqlite3(':memory:')
  let now = 1_000_000
  const store = sqliteStore({ database, now: () => now })
  const namespace = store.account('1').namespace('orders')
  const handle = namespace.session('0')
  await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      namespace.session(`${index}`).patch({ index }, { ttlSeconds: 10 }),
    ),
  )
  now += 10_000
  expect(await handle.getAll()).toEqual({})
  expect((await namespace.listSessions()).items).toEqual([])
  await handle.patch({ anew: true })
  expect(await handle.getAll()).toEqual({ anew: true })
  expect(await handle.info()).toEqual({ id: '0', createdAt: new Date(now) })
  for (let write = 0; write < 64; write++) await handle.patch({ write })
  await store.ready()
  expect(database.prepare('SELECT count(*) AS rows FROM context_sessions').get()).toEqual({ rows: 1 })
})

test('a handle does not find another session that got the row of a cleared one', async () => {
  const store = sqliteStore({ path: ':memory:' })
  const namespace = store.account('1').namespace('orders')
  const [kept, other] = [namespace.session('a'), namespace.session('a')]
  await kept.patch({ a: 1 })
  await other.clear()
  await namespace.session('b').patch({ b: 1 })
  expect(await kept.getAll()).toEqual({})
  await kept.patch({ a: 2 })
  expect(await other.getAll()).toEqual({ a: 2 })
  expect(await namespace.session('b').getAll()).toEqual({ b: 1 })
  await store.close()
})
