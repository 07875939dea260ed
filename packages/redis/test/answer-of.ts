import { ContextStoreError } from '@context-store/core'

/** The code of the store's error that `call` throws or rejects with; other errors are thrown. */
export async function codeOf(call: () => unknown): Promise<string> {
  return (await answerOf(call)).code
}

/** The same with the outcome; `no error` and `applied` if there is none. */
export async function answerOf(call: () => unknown): Promise<{ code: string; outcome: string }> {
  try {
    await call()
  } catch (error) {
    if (!ContextStoreError.is(error)) throw error
    return { code: error.code, outcome: error.outcome }
  }
  return { code: 'no error', outcome: 'applied' }
}
