import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContextStore } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { sqliteStore } from '@context-store/sqlite'
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite'
import Keyv from 'keyv'
import * as runner from 'vitest'
import { keyvStore } from '../src/index.ts'
import { keyvStorage } from '../src/storage.ts'

const folder = mkdtempSync(join(tmpdir(), 'context-store-keyv-'))
const stores: readonly (readonly [string, ContextStore])[] = [
  ['memory', memoryStore()],
  ['SQLite', sqliteStore({ path: join(folder, 'storage.db') })],
  ['a Keyv again', keyvStore(new Keyv())],
]

runner.afterAll(async () => {
  await Promise.all(stores.map(([, store]) => store.close()))
  rmSync(folder, { recursive: true })
})

runner.describe.each(stores)("Keyv's own suites over %s", (_, store) => {
  const adapter = () => keyvStorage(store, { account: '577089' })
  keyvTestSuite(runner, Keyv, adapter)
  keyvIteratorTests(runner, Keyv, adapter)
})
