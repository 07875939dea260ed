import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { drivers } from './drivers.ts'
import { codeOf, temporaryFolder } from './temporary.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

describe.each(drivers)('a backup with $name', ({ open }) => {
  test('holds every earlier write, awaited or not, and goes its own way', async () => {
    const folder = temporaryFolder()
    const database = open(join(folder, 'a.db'))
    const store = sqliteStore({ database })
    const session = store.session(address)
    await session.patch({ a: 1 }, { ttlSeconds: 3600 })
    const late = session.patch({ b: 2 })
    await store.backup(join(folder, "it's a copy.db"))
    await late
    await session.patch({ c: 3 })

    const copied = open(join(folder, "it's a copy.db"))
    const copy = sqliteStore({ database: copied })
    expect(await copy.session(address).getAll()).toEqual({ a: 1, b: 2 })
    expect((await copy.session(address).info())?.createdAt).toEqual((await session.info())?.createdAt)
    await copy.session(address).patch({ a: 'copy' })
    expect(await session.getAll()).toEqual({ a: 1, b: 2, c: 3 })
    copied.close()
    database.close()
  })
})

test('an existing file is refused and left as it is, be it empty or a database', async () => {
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
  await store.close()
})

test('what cannot be written is unavailable, and of two backups to one file only one is made', async () => {
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

test('a backup that fails leaves no file', async () => {
  const folder = temporaryFolder()
  const [driver] = drivers
  const database = driver?.open(join(folder, 'a.db'))
  if (database === undefined) throw new Error('there is always one driver')
  const store = sqliteStore({ database })
  await store.ready()
  database.exec('BEGIN')
  expect(await codeOf(() => store.backup(join(folder, 'copy.db')))).toBe('unavailable')
  database.exec('ROLLBACK')
  expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual([])
  database.close()
})
