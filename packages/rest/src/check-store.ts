import { type ContextStore, InvalidOptionError } from '@context-store/core'

/** Whether a value is a store, by the member that every request needs. */
export function isStore(value: unknown): value is ContextStore {
  return (
    typeof value === 'object' && value !== null && 'account' in value && typeof value.account === 'function'
  )
}

/** Refuses a store that is missing, or anything else in its place; without it, every request would be a 500. */
export function checkStore(store: unknown, of: string): asserts store is ContextStore {
  if (!isStore(store)) {
    throw new InvalidOptionError(`${of}: the store must be a ContextStore, such as memoryStore()`)
  }
}
