import 'fake-indexeddb/auto'
import { testContextStore } from '@context-store/conformance'
import { indexedDbStore } from '@context-store/indexeddb'
import { test } from 'vitest'

// In Node, for speed; chromium.test.ts runs the same kit in a browser.
let made = 0
testContextStore({
  test,
  name: 'IndexedDB (fake)',
  create: (options) => indexedDbStore({ ...options, name: `kit ${made++}` }),
})
