import {
  type AddressKey,
  InvalidAddressError,
  InvalidOptionError,
  UnsupportedError,
} from '@context-store/core'

/** What stands before every path. */
export function serviceBase(baseUrl: string): string {
  const url = typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search + url.hash + url.username + url.password !== ''
  ) {
    throw new InvalidOptionError('baseUrl: an http or https URL without a query and without credentials')
  }
  return url.href.replace(/\/+$/, '')
}

/** The path of an account's namespaces. */
export function accountPath(account: string): string {
  return `/v1/account/${part(account, 'account')}`
}

/** The path of a namespace. */
export function namespacePath(account: string, namespace: string): string {
  return `${accountPath(account)}/${part(namespace, 'namespace')}`
}

/** The path of a session's properties. */
export function propertiesPath({ account, namespace, session }: AddressKey): string {
  const path = namespacePath(account, namespace)
  if (session === '__default__') return `${path}/properties`
  // There the service has the property of that name of `__default__` (WIRE.md, "Meaning").
  if (session === 'properties') throw cannotSay('a session called "properties"')
  return `${path}/${part(session, 'session')}/properties`
}

/** The path of one property. */
export function propertyPath(address: AddressKey, name: string): string {
  return `${propertiesPath(address)}/${part(name, 'property')}`
}

/** The path where a session is given a time to live. */
export function sessionTtlPath({ account, namespace }: AddressKey): string {
  // There the service has a property called "session" (WIRE.md, "Later").
  if (namespace === 'properties')
    throw cannotSay('a time to live of a session in a namespace called "properties"')
  return `${accountPath(account)}/namespace/${part(namespace, 'namespace')}/session`
}

/** Throws for a property's name that no URL could read or delete afterwards. */
export function checkPropertyNames(names: readonly string[]): void {
  for (const name of names) part(name, 'property')
}

function part(id: string, what: string): string {
  if (id === '') throw what === 'property' ? cannotSay('the empty property name') : emptyId(what)
  if (id === '.' || id === '..') throw cannotSay(`"." and ".." as the name of a ${what}`)
  return encodeURIComponent(id)
}

function cannotSay(what: string): UnsupportedError {
  return new UnsupportedError(`a URL cannot say ${what}: take another name`)
}

function emptyId(what: string): InvalidAddressError {
  return new InvalidAddressError(`${what}: at least one character`)
}
