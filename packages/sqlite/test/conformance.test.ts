import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testContextStore } from '@context-store/conformance'
import { sqliteStore } from '@context-store/sqlite'
import { afterAll, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'context-store-'))
let files = 0
afterAll(() => rmSync(folder, { recursive: true }))

testContextStore({
  test,
  name: 'SQLite',
  sync: true,
  create: (options) => sqliteStore({ ...options, path: join(folder, `${files++}.db`) }),
})
