import { type ContextStoreError, StoreUnavailableError } from '@context-store/core'
import type { CallKind } from '@context-store/core/adapter'

const messages = new Map([
  [
    'QuotaExceededError',
    "the browser's storage is full: free some of this origin's, or ask for more with navigator.storage.persist()",
  ],
  [
    'SecurityError',
    'this page may not store data: its origin is opaque (a sandboxed frame, a data: URL), or storage is disabled',
  ],
  ['InvalidStateError', 'the browser does not store data here: this may be a private window'],
])

/**
 * The store's error for an exception of IndexedDB. An aborted transaction leaves nothing behind; only if the connection
 * was lost during a commit is the outcome unknown.
 */
export function storeError(cause: unknown, during: CallKind): ContextStoreError {
  const name = nameOf(cause)
  const outcome = during === 'commit' && name === 'AbortError' ? 'unknown' : 'not-applied'
  const message = messages.get(name) ?? 'IndexedDB failed: see the cause'
  return new StoreUnavailableError(message, { cause, outcome })
}

/** The name of an exception, which may come from another realm. */
export function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : ''
}
