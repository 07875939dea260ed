import 'fake-indexeddb/auto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testContextStore } from '@context-store/conformance'
import type { ContextStore, StoreOptions } from '@context-store/core'
import { indexedDbStore } from '@context-store/indexeddb'
import { memoryStore } from '@context-store/memory'
import { type OfflineOptions, offlineStore } from '@context-store/offline'
import { sqliteStore } from '@context-store/sqlite'
import { afterAll, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'context-store-'))
afterAll(() => rmSync(folder, { recursive: true }))
let made = 0

const locals = {
  memory: (options?: StoreOptions) => memoryStore(options),
  SQLite: (options?: StoreOptions) => sqliteStore({ ...options, path: join(folder, `${made++}.db`) }),
  'IndexedDB (fake)': (options?: StoreOptions) => indexedDbStore({ ...options, name: `offline ${made++}` }),
}

/*
 * Not both in one store: a session that was sent and has expired here may live a little longer in the remote store, and
 * would come back with a first read.
 */
const pulling: Partial<OfflineOptions> = { push: 'manual' }
const pushing: Partial<OfflineOptions> = { pull: 'manual' }

for (const [name, local] of Object.entries(locals)) {
  const kind = name === 'memory' ? pulling : pushing
  testContextStore({
    test,
    name: `offline, ${name}`,
    create: (options) => offline(local(options), kind, options),
  })
}
testContextStore({
  test,
  name: 'offline with conflicts, memory',
  create: (options) => offline(locals.memory(options), { ...pulling, onConflict: 'remote' }, options),
})

function offline(local: ContextStore, kind: Partial<OfflineOptions>, options?: StoreOptions): ContextStore {
  return offlineStore({ ...kind, local, remote: memoryStore(options) })
}
