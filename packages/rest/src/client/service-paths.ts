import { InvalidOptionError, UnsupportedError } from '@context-store/core'
import type { CheckedAddress } from '@context-store/core/adapter'

/** Checks `baseUrl`, and returns the prefix of every path. */
export function serviceBase(baseUrl: unknown): string {
  const url = typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search + url.hash + url.username + url.password !== ''
  ) {
    throw new InvalidOptionError(
      'baseUrl: must be an http or https URL without a query and without credentials',
    )
  }
  return url.href.replace(/\/+$/, '')
}

/** The path of an account's namespaces. */
export function accountPath(account: string): string {
  return `/v1/account/${encodeURIComponent(account)}`
}

/** The path of a namespace. */
export function namespacePath(account: string, namespace: string): string {
  return `${accountPath(account)}/${encodeURIComponent(namespace)}`
}

/** The path of a session's properties. */
export function propertiesPath({ account, namespace, session }: CheckedAddress): string {
  const path = namespacePath(account, namespace)
  return session === '__default__'
    ? `${path}/properties`
    : `${path}/${encodeURIComponent(session)}/properties`
}

/** The path of one property. */
export function propertyPath(address: CheckedAddress, name: string): string {
  return `${propertiesPath(address)}/${encodeURIComponent(name)}`
}

/** The path that sets the time to live of a session. */
export function sessionTtlPath({ account, namespace }: CheckedAddress): string {
  // In this namespace the path means the property "session" (docs/rest-contract.md, "Paths").
  if (namespace === 'properties') {
    throw new UnsupportedError(
      'a URL path cannot carry the time to live of a session in a namespace called "properties": use another name',
    )
  }
  return `${accountPath(account)}/namespace/${encodeURIComponent(namespace)}/session`
}
