// LangGraph's own suite, from npm. It expects the functions of the test runner as globals.
import type { ContextStore } from '@context-store/core'
import { ContextStoreSaver } from '@context-store/langgraph'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'

Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test })
const { deltaChannelHistoryTests, validate } = await import('@langchain/langgraph-checkpoint-validation')

onEachStore((open) => {
  let store: ContextStore | undefined
  let savers = 0
  const initializer = {
    checkpointerName: 'ContextStoreSaver',
    createCheckpointer: () => {
      store ??= open()
      return new ContextStoreSaver(store.account(`agent-${savers++}`))
    },
  }
  validate(initializer)
  deltaChannelHistoryTests(initializer)
})
