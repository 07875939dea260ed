import { ContextStoreError } from '@context-store/core'

/** The code of the store's error that `call` throws or rejects with; what is no store's error stays one. */
export async function codeOf(call: () => unknown): Promise<string> {
  return (await answerOf(call)).code
}

/** The same with what it says about a write; `no error` and `applied` where there is none. */
export async function answerOf(call: () => unknown): Promise<{ code: string; outcome: string }> {
  try {
    await call()
  } catch (error) {
    if (!ContextStoreError.is(error)) throw error
    return { code: error.code, outcome: error.outcome }
  }
  return { code: 'no error', outcome: 'applied' }
}
