import { InvalidOptionError } from '@context-store/core'

/** Throws if a value is not an object, or has a member that is not in `names`; `what` names it in the message. */
export function checkMembers(what: string, value: unknown, names: readonly string[]): void {
  if (typeof value !== 'object' || value === null) throw new InvalidOptionError(`${what}: must be an object`)
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new InvalidOptionError(`${what}: there is no member "${unknown}"; there are ${names.join(', ')}`)
}
