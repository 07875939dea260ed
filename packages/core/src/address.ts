import type { SessionAddress } from './api.ts'
import { InvalidAddressError } from './errors.ts'
import type { AddressKey } from './storage-adapter.ts'
import type { StoreRules } from './store-options.ts'

/** The session of a namespace when none is named (WIRE.md, "Model"). */
const defaultSession = '__default__'

/** Checks an account, a namespace or a session id: a string of well-formed Unicode, not empty, not too long. */
export function checkId(kind: 'account' | 'namespace' | 'session', id: unknown, rules: StoreRules): string {
  if (id === '') throw new InvalidAddressError(`${kind}: an empty string names nothing`)
  return checkText(kind, id, rules)
}

/** Checks the name of a property; the empty one is a name. */
export function checkName(name: unknown, rules: StoreRules): string {
  return checkText('property name', name, rules)
}

/** Checks several names and copies them, so that the caller's array is free when the call returns. */
export function checkNames(names: unknown, rules: StoreRules): string[] {
  if (!Array.isArray(names)) throw new InvalidAddressError('property names: an array of strings')
  return Array.from(names, (name) => checkName(name, rules))
}

/** The key of an address that has been checked. */
export function addressKey(account: string, namespace: string, id: unknown, rules: StoreRules): AddressKey {
  const session = id === undefined ? defaultSession : checkId('session', id, rules)
  return { account, namespace, session, memo: undefined }
}

/** Checks a whole address. */
export function checkAddress(address: SessionAddress, rules: StoreRules): AddressKey {
  if (typeof address !== 'object' || address === null) {
    throw new InvalidAddressError('address: an object with an account and a namespace')
  }
  const account = checkId('account', address.account, rules)
  const namespace = checkId('namespace', address.namespace, rules)
  return addressKey(account, namespace, address.session, rules)
}

function checkText(kind: string, text: unknown, rules: StoreRules): string {
  if (typeof text !== 'string') throw new InvalidAddressError(`${kind}: a string, not ${typeof text}`)
  if (text.length > rules.limits.idLength) {
    throw new InvalidAddressError(`${kind}: ${text.length} characters, limit ${rules.limits.idLength}`)
  }
  if (!text.isWellFormed()) {
    throw new InvalidAddressError(`${kind}: holds a lone surrogate, which no encoding can carry`)
  }
  return text
}
