import { ContextStoreError, InvalidOptionError, StoreUnavailableError } from '../api/errors.ts'
import { type Scope, ThrownByCaller } from '../operations/operation.ts'
import type { StorageAdapter } from '../port/storage-adapter.ts'
import type { CallKind } from '../port/transactions.ts'
import { errorAt } from '../rules/error-at.ts'

interface ErrorOf {
  readonly errorOf?: StorageAdapter['errorOf']
}

/** Returns the store's error for an error that an engine threw. */
export function engineError(engine: ErrorOf, error: unknown, during: CallKind): ContextStoreError {
  if (ContextStoreError.is(error)) return error
  try {
    const translated: unknown = engine.errorOf?.(error, during)
    if (ContextStoreError.is(translated)) return translated
  } catch {
    // A translation that fails must not hide the engine's error.
  }
  const outcome = during === 'read' ? 'not-applied' : 'unknown'
  return new StoreUnavailableError('the engine failed: see the cause', { cause: error, outcome })
}

/** Returns the error that a call rejects with, for an error that was thrown while it ran. */
export function callError(engine: ErrorOf, error: unknown, scope: Scope, isWrite: boolean): unknown {
  if (error instanceof ThrownByCaller) return error.error
  return errorAt(engineError(engine, error, isWrite ? 'write' : 'read'), scope)
}

/** Returns the error that a call rejects with, for an error that was thrown while its arguments were checked. */
export function argumentError(error: unknown, scope: Scope): ContextStoreError {
  if (ContextStoreError.is(error)) return errorAt(error, scope)
  // A getter or proxy in the arguments threw.
  return errorAt(new InvalidOptionError('an argument cannot be read: see the cause', { cause: error }), scope)
}
