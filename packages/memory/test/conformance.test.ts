import { testContextStore } from '@context-store/conformance'
import { memoryStore } from '@context-store/memory'
import { test } from 'vitest'

testContextStore({ test, name: 'memory', create: (options) => memoryStore(options) })

testContextStore({
  test,
  name: 'memory, bounded but never full',
  create: (options) => memoryStore({ ...options, maxSessions: 1_000_000, maxBytes: 1_000_000_000 }),
})
