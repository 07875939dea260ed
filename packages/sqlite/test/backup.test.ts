import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type FileHandle, open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type SqliteDatabase, type SqliteStore, sqliteStore } from '../src/index.ts'
import { BetterSqlite3, driverClasses, drivers } from './drivers.ts'
import { codeOf, temporaryFolder } from './temporary.ts'
import { watched } from './watched-database.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

/** How many sessions {@link fill} adds: 6 MB. */
const sessions = 1500

async function fill(store: SqliteStore): Promise<void> {
  const namespace = store.account('1').namespace('orders')
  const text = 'x'.repeat(3500)
  await Promise.all(
    Array.from({ length: sessions }, (_, index) => namespace.session(`${index}`).patch({ text, index })),
  )
}

/** The sessions of a copy, after an integrity check. */
async function inCopy<T>(path: string, read: (copy: SqliteStore) => Promise<T>): Promise<T> {
  const database = new BetterSqlite3(path)
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  const value = await read(sqliteStore({ database }))
  database.close()
  return value
}

async function countIn(store: SqliteStore): Promise<number> {
  let count = 0
  for await (const _ of store.account('1').namespace('orders').sessions()) count += 1
  return count
}

/** Every way to open a database. */
const ways: readonly { readonly name: string; readonly open: (path: string) => SqliteStore }[] = [
  { name: 'a path', open: (path) => sqliteStore({ path, durability: 'relaxed' }) },
  ...drivers.map(({ name, open }) => ({
    name: `a database of ${name}`,
    open: (path: string) => sqliteStore({ database: open(path), durability: 'relaxed' }),
  })),
  ...drivers.map(({ name, open }) => ({
    name: `a database of ${name} in memory`,
    open: () => sqliteStore({ database: open(':memory:') }),
  })),
  { name: 'the path :memory:', open: () => sqliteStore({ path: ':memory:' }) },
  {
    name: 'a database of no driver that the store knows',
    open: (path) => sqliteStore({ database: watched(path).database, durability: 'relaxed' }),
  },
]

describe.each(ways)('a backup of $name', ({ open }) => {
  test('contains every write made before the call, awaited or not', async () => {
    const folder = temporaryFolder()
    const store = open(join(folder, 'a.db'))
    const session = store.session(address)
    await session.patch({ a: 1 }, { ttlSeconds: 3600 })
    const late = session.patch({ b: 2 })
    await store.backup(join(folder, "it's a copy.db"))
    await late
    await session.patch({ c: 3 })
    await inCopy(join(folder, "it's a copy.db"), async (copy) => {
      expect(await copy.session(address).getAll()).toEqual({ a: 1, b: 2 })
      expect((await copy.session(address).info())?.createdAt).toEqual((await session.info())?.createdAt)
      await copy.session(address).patch({ a: 'copy' })
    })
    expect(await session.getAll()).toEqual({ a: 1, b: 2, c: 3 })
    await store.close()
  })

  test('is consistent while the store writes, and `close` waits for it', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'copy.db')
    const store = open(join(folder, 'a.db'))
    await fill(store)
    let isDone = false
    const backup = store.backup(path).finally(() => {
      isDone = true
    })
    let written = 0
    for (; written < 10 && !isDone; written++) {
      await store.session({ ...address, session: 'first' }).patch({ written })
      await store.session({ ...address, session: 'second' }).patch({ written })
    }
    await store.close()
    expect(isDone).toBe(true)
    await backup
    await inCopy(path, async (copy) => {
      const first = await copy.session({ ...address, session: 'first' }).get('written')
      const second = await copy.session({ ...address, session: 'second' }).get('written')
      const numbers = [first, second].map((value) => (value === undefined ? -1 : Number(value)))
      const [ahead = 0, behind = 0] = numbers
      expect([0, 1]).toContain(ahead - behind)
      const added = [first, second].filter((value) => value !== undefined).length
      expect(await countIn(copy)).toBe(sessions + added)
    })
  })
})

/** Whether a worker thread makes the backup: only a file can have another connection, of the same driver. */
function isElsewhere(name: string): boolean {
  return !/memory|no driver/.test(name)
}

test.each(ways)('a backup of $name blocks the event loop only if it has no file', async ({ name, open }) => {
  const here: string[] = []
  for (const { prototype } of driverClasses) {
    const { prepare } = prototype
    const spy = vi.spyOn(prototype, 'prepare').mockImplementation(function (
      this: SqliteDatabase,
      sql: string,
    ) {
      here.push(sql)
      return prepare.call(this, sql)
    })
    onTestFinished(() => spy.mockRestore())
  }
  const folder = temporaryFolder()
  const store = open(join(folder, 'a.db'))
  await store.session(address).patch({ a: 1 })
  expect(here).not.toEqual([])
  await store.backup(join(folder, 'copy.db'))
  expect(here.filter((sql) => sql.includes('VACUUM')).length).toBe(isElsewhere(name) ? 0 : 1)
  await store.close()
})

test('a backup is compacted', async () => {
  const folder = temporaryFolder()
  const store = sqliteStore({ path: join(folder, 'a.db'), durability: 'relaxed' })
  await fill(store)
  await store.account('1').namespace('orders').delete()
  await store.session(address).patch({ a: 1 })
  await store.backup(join(folder, 'copy.db'))
  await store.close()
  expect(statSync(join(folder, 'a.db')).size).toBeGreaterThan(4_000_000)
  expect(statSync(join(folder, 'copy.db')).size).toBeLessThan(3_000_000)
})

test('a backup works in a program that is read from standard input as a module', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'a.db')
  const program = `import { sqliteStore } from ${JSON.stringify(import.meta.resolve('@context-store/sqlite'))}
    const store = sqliteStore({ path: ${JSON.stringify(path)} })
    await store.session(${JSON.stringify(address)}).patch({ a: 1 })
    await store.backup(${JSON.stringify(`${path}.copy`)})
    await store.close()`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  expect(await inCopy(`${path}.copy`, (copy) => copy.session(address).getAll())).toEqual({ a: 1 })
})

test('a backup that fails in the worker thread reports the error of SQLite', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'a.db')
  const store = sqliteStore({ path, durability: 'relaxed' })
  await fill(store)
  await store.close()
  // In the middle of the sessions, which the store does not read when it opens the file.
  const file = await openFile(path, 'r+')
  await file.write(Buffer.alloc(40_960, 1), 0, 40_960, 4096 * 600)
  await file.close()
  const damaged = sqliteStore({ path })
  expect(await codeOf(() => damaged.backup(join(folder, 'copy.db')))).toBe('corrupt')
  expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual([])
  await damaged.close()
})

test.each(ways)('a backup of $name syncs the copy and then its folder', async ({ open }) => {
  const folder = temporaryFolder()
  const store = open(join(folder, 'a.db'))
  await fill(store)
  const handle = await openFile(folder, 'r')
  const prototype: FileHandle = Object.getPrototypeOf(handle)
  await handle.close()
  const synced: string[] = []
  const { sync } = prototype
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const { ino } = await this.stat()
    synced.push(ino === statSync(folder).ino ? 'folder' : `file of ${(await this.stat()).size} bytes`)
    return sync.call(this)
  })
  onTestFinished(() => spy.mockRestore())
  await store.backup(join(folder, 'copy.db'))
  expect(synced).toEqual([`file of ${statSync(join(folder, 'copy.db')).size} bytes`, 'folder'])
  await store.close()
})

test('a backup whose sync fails rejects and leaves no file', async () => {
  const folder = temporaryFolder()
  const store = sqliteStore({ path: join(folder, 'a.db') })
  await store.session(address).patch({ a: 1 })
  const handle = await openFile(folder, 'r')
  const prototype: FileHandle = Object.getPrototypeOf(handle)
  await handle.close()
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async () => {
    throw Object.assign(new Error('made to fail'), { code: 'EIO' })
  })
  onTestFinished(() => spy.mockRestore())
  await expect(store.backup(join(folder, 'copy.db'))).rejects.toMatchObject({
    code: 'unavailable',
    cause: { code: 'EIO' },
  })
  expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual([])
  await store.close()
})

test('a backup to an existing file is refused and leaves the file as it is', async () => {
  const folder = temporaryFolder()
  const store = sqliteStore({ path: join(folder, 'a.db') })
  await store.session(address).patch({ a: 1 })
  writeFileSync(join(folder, 'there'), 'something')
  writeFileSync(join(folder, 'empty'), '')
  for (const name of ['there', 'empty', 'a.db']) {
    const before = readFileSync(join(folder, name))
    expect(await codeOf(() => store.backup(join(folder, name)))).toBe('invalid-option')
    expect(readFileSync(join(folder, name)).equals(before)).toBe(true)
  }
  // better-sqlite3 would write to the file without the space.
  expect(await codeOf(() => store.backup(join(folder, 'there ')))).toBe('invalid-option')
  expect(await codeOf(() => store.backup(join(folder, 'there\u0000')))).toBe('invalid-option')
  expect(readFileSync(join(folder, 'there'), 'utf8')).toBe('something')
  await store.close()
})

test('a backup to an impossible path is unavailable, and of two backups to one path only one is made', async () => {
  const folder = temporaryFolder()
  const store = sqliteStore({ path: join(folder, 'a.db') })
  await store.session(address).patch({ a: 1 })
  expect(await codeOf(() => store.backup(join(folder, 'missing', 'copy.db')))).toBe('unavailable')
  expect(await codeOf(() => store.backup(''))).toBe('invalid-option')
  const target = join(folder, 'copy.db')
  const codes = await Promise.all([1, 2].map(() => codeOf(() => store.backup(target))))
  expect(codes.sort()).toEqual(['invalid-option', 'no error'])
  const copy = sqliteStore({ path: target })
  expect(await copy.session(address).getAll()).toEqual({ a: 1 })
  await copy.close()
  await store.close()
})

test('a backup after `close` rejects as closed, whatever its arguments', async () => {
  const store = sqliteStore({ path: ':memory:' })
  await store.close()
  expect(await codeOf(() => store.backup(''))).toBe('closed')
})

describe.each(drivers)("a backup of a caller's database of $name", ({ open }) => {
  test('is unavailable while a transaction of the caller is open, and leaves no file', async () => {
    const folder = temporaryFolder()
    const database: SqliteDatabase = open(join(folder, 'a.db'))
    const store = sqliteStore({ database })
    await store.session(address).patch({ a: 1 })
    for (const begin of ['BEGIN', 'BEGIN IMMEDIATE', 'SAVEPOINT mine']) {
      database.exec(begin)
      await expect(store.backup(join(folder, 'copy.db'))).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('a transaction is open'),
      })
      database.exec('ROLLBACK')
      expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual([])
    }
    await store.backup(join(folder, 'copy.db'))
    database.close()
  })
})

test('a backup continues after a synchronous `close`, which cannot wait for it', async () => {
  const folder = temporaryFolder()
  const store = sqliteStore({ path: join(folder, 'a.db'), durability: 'relaxed' })
  await fill(store)
  const path = join(folder, 'copy.db')
  const backup = store.backup(path)
  while (!existsSync(path)) await new Promise(setImmediate)
  // Waits until the copy has begun.
  for (let tick = 0; tick < 100; tick++) await new Promise(setImmediate)
  store.sync.close()
  expect(await codeOf(() => store.session(address).get('a'))).toBe('closed')
  await backup
  expect(await inCopy(path, countIn)).toBe(sessions)
})
