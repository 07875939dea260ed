import { InvalidOptionError, type Properties } from '@context-store/core'
import { isPlainObject } from '../plain-object.ts'

/** All that a store holds: account → namespace → session → properties. */
export type State = {
  [account: string]: { [namespace: string]: { [session: string]: Properties } }
}

/** Refuses a state that is not plain objects of plain objects; the store checks the values of properties. */
export function checkState(state: State): void {
  for (const [account, namespaces] of members('state', state)) {
    for (const [name, sessions] of members(`state.${account}`, namespaces)) {
      for (const [id, properties] of members(`state.${account}.${name}`, sessions)) {
        members(`state.${account}.${name}.${id}`, properties)
      }
    }
  }
}

/** The members of a plain object; those of a Map, for example, would be silently ignored. */
function members(where: string, value: unknown): [string, unknown][] {
  if (!isPlainObject(value)) throw new InvalidOptionError(`${where}: must be a plain object`)
  return Object.entries(value)
}
