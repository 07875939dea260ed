import { InvalidOptionError, type Properties } from '@context-store/core'
import { isPlainObject } from '../plain-object.ts'

/** All data of a store: account → namespace → session → properties. */
export type State = {
  [account: string]: { [namespace: string]: { [session: string]: Properties } }
}

/** Throws if a state is not made of plain objects. The store checks the values of the properties. */
export function checkState(state: State): void {
  for (const [account, namespaces] of members('state', state)) {
    for (const [name, sessions] of members(`state.${account}`, namespaces)) {
      for (const [id, properties] of members(`state.${account}.${name}`, sessions)) {
        members(`state.${account}.${name}.${id}`, properties)
      }
    }
  }
}

/** The members of a plain object. Other objects are refused: the entries of a Map would be silently ignored. */
function members(where: string, value: unknown): [string, unknown][] {
  if (!isPlainObject(value)) throw new InvalidOptionError(`${where}: must be a plain object`)
  return Object.entries(value)
}
