import { InvalidOptionError } from '@context-store/core'

/** Refuses what is no object, and a member that is none of `names`; `what` says where it stands. */
export function checkMembers(what: string, value: unknown, names: readonly string[]): void {
  if (typeof value !== 'object' || value === null) throw new InvalidOptionError(`${what}: an object`)
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new InvalidOptionError(`${what}: there is no member "${unknown}", only ${names.join(', ')}`)
}
