import { testContextStore } from '@context-store/conformance'
import { indexedDbStore } from '@context-store/indexeddb'

/** The conformance kit's cases by name, to be run one at a time. */
export const kit = new Map()

let made = 0
testContextStore({
  test: (name, run) => kit.set(name, run),
  name: 'IndexedDB in Chromium',
  create: (options) => indexedDbStore({ ...options, name: `kit ${made++}` }),
  runs: 10,
})
