import { chmodSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ContextStoreError } from '@context-store/core'
import { batch } from '@context-store/core/adapter'
import { expect, onTestFinished, test } from 'vitest'
import { type SqliteStore, sqliteStore } from '../src/index.ts'
import { BetterSqlite3, drivers } from './drivers.ts'
import { codeOf, temporaryFolder } from './temporary.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

/** A file with that many sessions, closed. */
async function filled(path: string, sessions: number): Promise<void> {
  const store = sqliteStore({ path })
  const namespace = store.account('1').namespace('orders')
  const text = 'x'.repeat(400)
  await Promise.all(
    Array.from({ length: sessions }, (_, index) => namespace.session(`${index}`).patch({ text })),
  )
  await store.close()
}

/**
 * Makes calls as a user to whom file permissions apply. They do not apply to root, and not every container allows root to
 * mount a read-only file system.
 */
async function bound<T>(call: () => T | Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return call()
  process.seteuid?.(65534)
  try {
    return await call()
  } finally {
    process.seteuid?.(0)
  }
}

const notApplied = expect.objectContaining({ code: 'unavailable', outcome: 'not-applied' })

/** Every kind of write, synchronous and asynchronous. */
function writesOf(store: SqliteStore): readonly { readonly name: string; write(): unknown }[] {
  const { sync } = store
  const namespace = address.namespace
  return [
    { name: 'patch', write: () => store.session(address).patch({ a: 2 }) },
    { name: 'patchIf', write: () => store.session(address).patchIf({ a: 1 }, { a: 2 }) },
    { name: 'update', write: () => store.session(address).update(['a'], () => ({ a: 2 })) },
    { name: 'delete', write: () => store.session(address).delete('a') },
    { name: 'clear', write: () => store.session(address).clear() },
    { name: 'batch', write: () => batch(store, [{ address, patch: { a: 2 } }]) },
    { name: 'create', write: () => store.account('1').namespace('new').create() },
    { name: 'delete a namespace', write: () => store.account('1').namespace(namespace).delete() },
    { name: 'sync patch', write: () => sync.session(address).patch({ a: 2 }) },
    { name: 'sync patchIf', write: () => sync.session(address).patchIf({ a: 1 }, { a: 2 }) },
    { name: 'sync update', write: () => sync.session(address).update(['a'], () => ({ a: 2 })) },
    { name: 'sync delete', write: () => sync.session(address).delete('a') },
    { name: 'sync clear', write: () => sync.session(address).clear() },
    { name: 'sync create', write: () => sync.account('1').namespace('new').create() },
    { name: 'sync delete a namespace', write: () => sync.account('1').namespace(namespace).delete() },
  ]
}

test('every write to a read-only file is unavailable, is not applied, and works once the file is writable', async () => {
  const path = join(temporaryFolder(), 'a.db')
  const first = sqliteStore({ path })
  await first.session(address).patch({ a: 1 })
  await first.close()
  const before = readFileSync(path)
  chmodSync(path, 0o444)
  chmodSync(dirname(path), 0o555)
  onTestFinished(() => chmodSync(dirname(path), 0o755))
  const store = sqliteStore({ path })
  for (const { name, write } of writesOf(store)) {
    const error: unknown = await bound(write).then(
      () => 'no error',
      (reason: unknown) => reason,
    )
    expect(error, name).toEqual(notApplied)
  }
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(readdirSync(dirname(path))).toEqual(['a.db'])
  chmodSync(dirname(path), 0o755)
  chmodSync(path, 0o644)
  const { sync } = store
  sync.session(address).patch({ b: 2 })
  await store.session(address).patch({ c: 3 })
  expect(await store.session(address).getAll()).toEqual({ a: 1, b: 2, c: 3 })
  await store.close()
})

test('a database opened as read-only can be read; a write is unavailable', async () => {
  const path = join(temporaryFolder(), 'a.db')
  await filled(path, 2)
  const store = sqliteStore({ database: new BetterSqlite3(path, { readonly: true }) })
  const session = store.session({ ...address, session: '1' })
  expect(await session.get('text')).toHaveLength(400)
  expect(await codeOf(() => session.patch({ a: 1 }))).toBe('unavailable')
  expect(await codeOf(() => store.sync.account('1').namespace('new').create())).toBe('unavailable')
  expect(Object.keys(await session.getAll())).toEqual(['text'])
})

test('a database opened as read-only that has no tables is unavailable', async () => {
  const path = join(temporaryFolder(), 'a.db')
  const other = new BetterSqlite3(path)
  other.exec('CREATE TABLE own (a TEXT)')
  other.close()
  const store = sqliteStore({ database: new BetterSqlite3(path, { readonly: true }) })
  expect(await codeOf(() => store.ready())).toBe('unavailable')
})

test('writes that do not fit into a full database are rejected, the others kept, and all succeed once there is room', async () => {
  const database = new BetterSqlite3(join(temporaryFolder(), 'a.db'))
  const store = sqliteStore({ database })
  const session = store.session(address)
  await session.patch({ a: 1 })
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number }
  database.exec(`PRAGMA max_page_count = ${pages + 4}`)
  const large = { large: 'x'.repeat(100_000) }
  const codes = [{ b: 2 }, large, { c: 3 }].map((patch) => codeOf(() => session.patch(patch)))
  expect(await Promise.all(codes)).toEqual(['no error', 'unavailable', 'no error'])
  expect(await codeOf(() => store.sync.session(address).patch(large))).toBe('unavailable')
  expect(await session.getAll()).toEqual({ a: 1, b: 2, c: 3 })
  database.exec('PRAGMA max_page_count = 100000')
  await session.patch(large)
  expect(await session.get('large')).toHaveLength(100_000)
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  database.close()
})

test('a missing folder is unavailable until it has been created', async () => {
  const path = join(temporaryFolder(), 'missing', 'a.db')
  const store = sqliteStore({ path })
  expect(await codeOf(() => store.ready())).toBe('unavailable')
  expect(await codeOf(() => store.session(address).patch({ a: 1 }))).toBe('unavailable')
  mkdirSync(dirname(path))
  await store.session(address).patch({ a: 1 })
  expect(await store.session(address).get('a')).toBe(1)
  await store.close()
})

test('a folder instead of a file is unavailable', async () => {
  expect(await codeOf(() => sqliteStore({ path: temporaryFolder() }).ready())).toBe('unavailable')
})

test('a file that is not a database is corrupt and left as it is', async () => {
  const path = join(temporaryFolder(), 'notes.txt')
  const notes = 'Dear diary, '.repeat(1000)
  writeFileSync(path, notes)
  const store = sqliteStore({ path })
  expect(await codeOf(() => store.ready())).toBe('corrupt')
  expect(await codeOf(() => store.session(address).patch({ a: 1 }))).toBe('corrupt')
  await store.close()
  expect(readFileSync(path, 'utf8')).toBe(notes)
})

test('a truncated file is corrupt and left as it is', async () => {
  for (const left of [100, 4096, 5000, 40_960]) {
    const path = join(temporaryFolder(), 'a.db')
    await filled(path, 500)
    truncateSync(path, left)
    const before = readFileSync(path)
    const store = sqliteStore({ path })
    expect(await codeOf(() => store.session({ ...address, session: '499' }).get('text'))).toBe('corrupt')
    expect(await codeOf(() => store.session({ ...address, session: '499' }).patch({ a: 1 }))).toBe('corrupt')
    await store.close()
    expect(readFileSync(path).equals(before)).toBe(true)
  }
})

test('a damaged session is reported with its address and left as it is; others work, even in the same tick', async () => {
  const database = new BetterSqlite3(':memory:')
  const store = sqliteStore({ database })
  const [damaged, sound] = [store.session(address), store.session({ ...address, session: 'sound' })]
  await Promise.all([damaged.patch({ a: 1, b: 2 }), sound.patch({ a: 1 })])
  for (const document of ['', '{"a":1', '{\n"a":}']) {
    database.prepare("UPDATE context_sessions SET document = ? WHERE id = '42'").run(document)
    const readings = [() => damaged.get('a'), () => damaged.getAll(), () => damaged.getMany(['a', 'b'])]
    for (const read of readings) {
      const error: unknown = await read().then(undefined, (reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'corrupt', address })
      expect(ContextStoreError.is(error, 'corrupt')).toBe(true)
    }
    const outcomes = [damaged.patchIf({ a: 1 }, { a: 3 }), sound.patch({ a: document })].map((call) =>
      codeOf(() => call),
    )
    expect(await Promise.all(outcomes)).toEqual(['corrupt', 'no error'])
    expect(database.prepare("SELECT document FROM context_sessions WHERE id = '42'").get()).toEqual({
      document,
    })
    expect(await sound.getAll()).toEqual({ a: document })
  }
  await damaged.clear()
  await damaged.patch({ anew: true })
  expect(await damaged.getAll()).toEqual({ anew: true })
})

test.each(drivers)(
  'every write is unavailable and not applied while another connection holds the lock, with $name',
  async ({ open }) => {
    const path = join(temporaryFolder(), 'a.db')
    const database = open(path)
    const store = sqliteStore({ database })
    await store.session(address).patch({ a: 1 })
    const info = await store.session(address).info()
    database.exec('PRAGMA busy_timeout = 0')
    const other = open(path)
    other.exec('BEGIN IMMEDIATE')
    for (const { name, write } of writesOf(store)) {
      const error: unknown = await Promise.resolve()
        .then(write)
        .then(
          () => 'no error',
          (reason: unknown) => reason,
        )
      expect(error, name).toEqual(notApplied)
    }
    expect(await store.session(address).getAll()).toEqual({ a: 1 })
    expect(await store.session(address).info()).toEqual(info)
    expect(await store.account('1').namespace('new').info()).toBeUndefined()
    other.exec('COMMIT')
    const { sync } = store
    sync.session(address).patch({ b: 2 })
    await store.session(address).patch({ c: 3 })
    expect(await store.session(address).getAll()).toEqual({ a: 1, b: 2, c: 3 })
    other.close()
    database.close()
  },
)

test('a file that stays locked longer than a call waits is unavailable, but a backup of it is made', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'a.db')
  await filled(path, 1)
  const other = new BetterSqlite3(path)
  other.exec('BEGIN IMMEDIATE')
  const store = sqliteStore({ path })
  await expect(store.session(address).patch({ a: 1 })).rejects.toEqual(notApplied)
  await store.backup(join(folder, 'copy.db'))
  other.exec('COMMIT')
  await store.session(address).patch({ a: 1 })
  expect(await store.session(address).getAll()).toEqual({ a: 1 })
  const copy = sqliteStore({ path: join(folder, 'copy.db') })
  expect(await copy.session({ ...address, session: '0' }).get('text')).toHaveLength(400)
  expect(await copy.session(address).getAll()).toEqual({})
  await copy.close()
  await store.close()
  other.close()
})

test('on a locked file, reads in the same tick as a write that cannot begin succeed', async () => {
  const path = join(temporaryFolder(), 'a.db')
  const database = new BetterSqlite3(path)
  const store = sqliteStore({ database })
  const [session, second] = [store.session(address), store.session({ ...address, session: 'second' })]
  await Promise.all([session.patch({ a: 1 }), second.patch({ b: 1 })])
  database.exec('PRAGMA busy_timeout = 0')
  const other = new BetterSqlite3(path)
  other.exec('BEGIN IMMEDIATE')
  const write = codeOf(() => session.patch({ a: 2 }))
  const reads = [
    session.getAll(),
    second.get('b'),
    session.info(),
    store.account('1').namespace('orders').listSessions(),
  ]
  const late = codeOf(() => second.update(['b'], () => ({ b: 2 })))
  expect(await session.get('a')).toBe(1)
  expect(await Promise.all(reads)).toEqual([
    { a: 1 },
    1,
    expect.objectContaining({ id: '42' }),
    expect.objectContaining({ items: [expect.anything(), expect.anything()] }),
  ])
  expect([await write, await late]).toEqual(['unavailable', 'unavailable'])
  other.exec('COMMIT')
  await session.patch({ a: 3 })
  expect(await session.getAll()).toEqual({ a: 3 })
  other.close()
  database.close()
})

test.each(drivers)('a batch that fails in the middle leaves nothing behind: $name', async ({ open }) => {
  const path = join(temporaryFolder(), 'x.db')
  const database = open(path)
  onTestFinished(() => void database.close())
  const store = sqliteStore({ database })
  await store.session(address).patch({ a: 1 })
  // Unlike most errors, this one undoes only its own statement: earlier writes stay until they are rolled back.
  database.exec(`CREATE TRIGGER refuses BEFORE INSERT ON context_sessions WHEN NEW.id LIKE '%bad%'
    BEGIN SELECT RAISE(FAIL, 'refused'); END`)
  const before = store.session({ ...address, session: 'before' }).patch({ a: 1 })
  const failed = batch(store, [
    { address, patch: { a: 2 } },
    { address: { ...address, session: 'good' }, patch: { a: 2 } },
    { address: { ...address, session: 'bad' }, patch: { a: 2 } },
  ])
  const after = store.session({ ...address, session: 'after' }).patch({ a: 1 })
  const [first, second, third] = await Promise.allSettled([before, failed, after])
  expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await store.session(address).getAll()).toEqual({ a: 1 })
  const ids = []
  for await (const { id } of store.account('1').namespace('orders').sessions()) ids.push(id)
  expect(ids).toEqual(['42', 'after', 'before'])
  await store.close()
})
