import { join } from 'node:path'
import type { Session } from '@context-store/core'
import { expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { temporaryFolder } from './temporary.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

test('a read finds a session whose life another store extends just before its expiry', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const other = sqliteStore({ path, now: () => 1000 })
  const written = other.sync.session(address)
  const reader = sqliteStore({
    path,
    now: () => {
      // Anything that happens between the read of the clock and this moment could also happen in another process.
      written.patch({ extended: true }, { ttlSeconds: 60 })
      return 2000
    },
  })
  const read = reader.session(address)
  const readNow = reader.sync.session(address)
  const asyncReads: ((session: Session) => Promise<unknown>)[] = [
    (session) => session.getAll(),
    (session) => session.get('extended'),
    (session) => session.info(),
  ]
  for (const reads of asyncReads) {
    for (const find of [() => reads(read), () => reads(reader.session(address))]) {
      written.patch({ extended: false }, { ttlSeconds: 1 })
      expect(await find()).toSatisfy(wasExtended)
    }
  }
  for (const find of [() => readNow.getAll(), () => readNow.get('extended'), () => readNow.info()]) {
    written.patch({ extended: false }, { ttlSeconds: 1 })
    expect(find()).toSatisfy(wasExtended)
  }
  await Promise.all([reader.close(), other.close()])
})

/** Whether a read found the session, whose life was extended. */
function wasExtended(found: unknown): boolean {
  if (typeof found !== 'object' || found === null) return found === true
  return 'expiresAt' in found
    ? Number(found.expiresAt) === 61_000
    : 'extended' in found && found.extended === true
}
