import { type ContextStore, InvalidOptionError } from '@context-store/core'

/** Whether a value is a store: whether it has the method that every request needs. */
export function isStore(value: unknown): value is ContextStore {
  return (
    typeof value === 'object' && value !== null && 'account' in value && typeof value.account === 'function'
  )
}

/** Throws if a store is missing or is something else: otherwise every request would be a 500. */
export function checkStore(store: unknown, of: string): asserts store is ContextStore {
  if (!isStore(store)) {
    throw new InvalidOptionError(`${of}: the store must be a ContextStore, such as memoryStore()`)
  }
}
