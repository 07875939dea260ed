import { testContextStore } from '@context-store/conformance'
import { memoryStore } from '@context-store/memory'
import { test } from 'vitest'

testContextStore({ test, name: 'memory', sync: true, create: memoryStore })

testContextStore({
  test,
  name: 'memory, bounded but never full',
  sync: true,
  create: (options) => memoryStore({ ...options, maxSessions: 1_000_000, maxBytes: 1_000_000_000 }),
})
