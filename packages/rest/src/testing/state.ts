import { InvalidOptionError, type Properties } from '@context-store/core'

/** All that a store holds: account → namespace → session → properties. */
export type State = {
  [account: string]: { [namespace: string]: { [session: string]: Properties } }
}

/** Refuses a state that is not objects of objects of objects; what the properties hold is the store's to check. */
export function checkState(state: State): void {
  for (const [account, namespaces] of members('state', state)) {
    for (const [name, sessions] of members(`state.${account}`, namespaces)) {
      for (const [id, properties] of members(`state.${account}.${name}`, sessions)) {
        members(`state.${account}.${name}.${id}`, properties)
      }
    }
  }
}

/** What a plain object holds. Of a Map there are no entries to see: its state would be passed over. */
function members(where: string, value: object): [string, object][] {
  if (!isPlainObject(value)) throw new InvalidOptionError(`${where}: a plain object`)
  return Object.entries(value)
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: object | null = Object.getPrototypeOf(value)
  // Another realm's Object counts, as in a test runner's sandbox.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
