import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type SqliteDatabase, type SqliteStatement, sqliteStore } from '../src/index.ts'
import { BetterSqlite3, DatabaseSync, drivers } from './drivers.ts'
import { codeOf, temporaryFolder } from './temporary.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

/** Expects that every first call is refused with this text, and that the database is unchanged. */
async function expectRefused(database: SqliteDatabase, text: string): Promise<void> {
  const refusal = expect.objectContaining({
    code: 'invalid-option',
    outcome: 'not-applied',
    message: expect.stringContaining(text),
  })
  const store = sqliteStore({ database })
  await expect(store.ready()).rejects.toEqual(refusal)
  await expect(store.session(address).patch({ a: 1 })).rejects.toEqual(refusal)
  await expect(store.session(address).getAll()).rejects.toEqual(refusal)
  await expect(store.backup(join(temporaryFolder(), 'copy.db'))).rejects.toEqual(refusal)
  expect(() => store.sync.session(address).patch({ a: 1 })).toThrow(refusal)
}

/** A database with changed statements. */
function changed(change: (statement: SqliteStatement) => object | undefined): {
  readonly real: SqliteDatabase
  readonly database: SqliteDatabase
} {
  const real = new BetterSqlite3(':memory:')
  const database = {
    exec: (sql: string) => real.exec(sql),
    close: () => real.close(),
    prepare: (sql: string) => change(real.prepare(sql)) as SqliteStatement,
  }
  return { real, database }
}

function tablesOf(database: SqliteDatabase): unknown[] {
  return database.prepare('SELECT name FROM sqlite_schema').all()
}

/** A statement with changed results. */
function withResults(
  statement: SqliteStatement,
  row: (row: unknown) => unknown,
  result: (result: unknown) => unknown = (value) => value,
): object {
  return {
    get: (...values: (string | number | null)[]) => row(statement.get(...values)),
    all: (...values: (string | number | null)[]) => statement.all(...values).map(row),
    run: (...values: (string | number | null)[]) => result(statement.run(...values)),
  }
}

const asArray = (row: unknown): unknown => (row === undefined ? row : Object.values(Object(row)))

test.each<[string, string, (statement: SqliteStatement) => object | undefined]>([
  ['rows as arrays', 'returnArrays', (statement) => withResults(statement, asArray)],
  [
    'the first column instead of a row',
    'as objects',
    (s) => withResults(s, (row) => Object.values(Object(row))[0]),
  ],
  ['rows nested by table', 'as objects', (s) => withResults(s, (row) => row && { v: row })],
  ['integers cut to 32 bits', 'as objects', (s) => withResults(s, (row) => row && { ...row, number: 1 })],
  [
    'well-formed text without U+FFFF',
    'as objects',
    (s) => withResults(s, (row) => row && { ...row, text: '\ufffd\u{1f600}' }),
  ],
  ['null where there is no row', 'bun:sqlite', (s) => withResults(s, (row) => row ?? null)],
  [
    'nothing from run()',
    'run()',
    (s) =>
      withResults(
        s,
        (row) => row,
        () => undefined,
      ),
  ],
  [
    'a number of rows from run()',
    'run()',
    (s) =>
      withResults(
        s,
        (row) => row,
        () => ({ rowsAffected: 1 }),
      ),
  ],
  ['promises from prepare()', 'prepare()', (s) => Promise.resolve(s)],
  ['nothing from prepare()', 'prepare()', () => undefined],
])('a database that returns %s is refused before anything is written to it', async (_, text, change) => {
  const { real, database } = changed(change)
  await expectRefused(database, text)
  expect(tablesOf(real)).toEqual([])
})

test.each(['UTF-16le', 'UTF-16be'])(
  'a database in %s is refused before anything is written to it',
  async (encoding) => {
    const path = join(temporaryFolder(), 'a.db')
    const database = new BetterSqlite3(path)
    database.exec(`PRAGMA encoding = '${encoding}'`)
    await expectRefused(database, encoding)
    expect(tablesOf(database)).toEqual([])

    database.exec('CREATE TABLE own (a TEXT)')
    database.close()
    const before = readFileSync(path)
    const store = sqliteStore({ path })
    expect(await codeOf(() => store.ready())).toBe('invalid-option')
    await store.close()
    expect(readFileSync(path).equals(before)).toBe(true)
  },
)

test('column names with table names are refused before anything is written', async () => {
  const database = new BetterSqlite3(':memory:')
  database.exec('PRAGMA full_column_names = ON; PRAGMA short_column_names = OFF')
  await expectRefused(database, 'as objects')
  expect(tablesOf(database)).toEqual([])
})

test('a database of node:sqlite with `returnArrays` is refused; Node before 22.13 has no node:sqlite', async () => {
  if (DatabaseSync === undefined) {
    expect(process.getBuiltinModule?.('node:sqlite')).toBeUndefined()
    return
  }
  const database = new DatabaseSync(':memory:', { returnArrays: true })
  await expectRefused(database, 'returnArrays')
  expect(tablesOf(database)).toEqual([])
})

test.each<[string, unknown]>([
  ['null', null],
  ['an object without exec()', { prepare: () => undefined }],
  ['the client of another engine', { query: () => undefined, connect: () => undefined }],
])('%s as `database` is refused by the factory', (_, database) => {
  expect(() => Reflect.apply(sqliteStore, undefined, [{ database }])).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  )
})

describe('a database that returns BigInts', () => {
  const opened: [string, () => SqliteDatabase][] = [
    [
      'better-sqlite3',
      () => {
        const database = new BetterSqlite3(':memory:')
        Reflect.apply(Reflect.get(database, 'defaultSafeIntegers'), database, [])
        return database
      },
    ],
  ]
  const NodeDatabase = DatabaseSync
  if (NodeDatabase !== undefined) {
    opened.push(['node:sqlite', () => new NodeDatabase(':memory:', { readBigInts: true })])
  }

  test.each(opened)('works with %s', async (_, open) => {
    const database = open()
    expect(database.prepare('SELECT 1 AS one').get()).toEqual({ one: 1n })
    const store = sqliteStore({ database })
    const session = store.session(address)
    await session.patch({ a: 1 }, { ttlSeconds: 60 })
    await session.patch({ b: 2 })
    expect(await session.patchIf({ a: 1 }, { a: 3 })).toEqual({ ok: true })
    expect(await session.getAll()).toEqual({ a: 3, b: 2 })
    expect(await session.info()).toEqual(
      expect.objectContaining({ ttlSeconds: 60, createdAt: expect.any(Date), expiresAt: expect.any(Date) }),
    )
    await Promise.all(
      Array.from({ length: 1200 }, (_, index) =>
        store.session({ ...address, session: `${index}` }).patch({ index }),
      ),
    )
    await store.account('1').namespace('orders').delete()
    expect(await session.getAll()).toEqual({})
    await store.session(other).patch({ c: 1 })
    expect(database.prepare('SELECT count(*) AS rows FROM context_deleted_namespaces').get()).toEqual({
      rows: 1n,
    })
    for (let write = 0; write < 200; write++) store.sync.session(other).patch({ write })
    expect(database.prepare('SELECT count(*) AS rows FROM context_sessions').get()).toEqual({ rows: 1n })
    database.close()
  })
})

const other = { account: '2', namespace: 'bookings', session: 'other' }

test.each(drivers)('a closed database of $name is unavailable, not refused', async ({ open }) => {
  const database = open(':memory:')
  database.close()
  expect(await codeOf(() => sqliteStore({ database }).ready())).toBe('unavailable')
})
