import type { SessionAddress } from '../api/context-store.ts'
import { InvalidAddressError, UnsupportedError } from '../api/errors.ts'

/** The session id that is used if none is given (docs/rest-contract.md, "Model"). */
const defaultSession = '__default__'

/** The rules for names. */
export interface NameRules {
  /** The maximum length in UTF-16 units. */
  readonly idLength: number
  /** Why names that a URL path cannot carry are refused; `undefined`: they are allowed. */
  readonly noPathNames: string | undefined
}

/** Checks an account, a namespace or a session id: a string of well-formed Unicode, not empty, not too long. */
export function checkId(kind: 'account' | 'namespace' | 'session', id: unknown, rules: NameRules): string {
  if (id === '') throw new InvalidAddressError(`${kind}: must not be empty`)
  const checked = checkText(kind, id, rules)
  if (rules.noPathNames !== undefined && kind === 'session' && checked === 'properties') {
    throw new UnsupportedError(`session "properties": ${rules.noPathNames}`)
  }
  return checked
}

/** Checks a session id; `undefined` is the default session. */
export function checkSession(id: unknown, rules: NameRules): string {
  return id === undefined ? defaultSession : checkId('session', id, rules)
}

/** Checks the name of a property; it may be empty. */
export function checkName(name: unknown, rules: NameRules): string {
  const checked = checkText('property name', name, rules)
  if (checked === '' && rules.noPathNames !== undefined) {
    throw new UnsupportedError(`the empty property name: ${rules.noPathNames}`)
  }
  return checked
}

/** Checks several names and copies them, so that the caller may change the array after the call has returned. */
export function checkNames(names: unknown, rules: NameRules): string[] {
  if (!Array.isArray(names)) {
    throw new InvalidAddressError("property names: must be an array of strings, such as ['step']")
  }
  return Array.from(names, (name) => checkName(name, rules))
}

/** Checks a whole address. */
export function checkAddress(
  address: unknown,
  rules: NameRules,
): [account: string, namespace: string, session: string] {
  if (typeof address !== 'object' || address === null) {
    throw new InvalidAddressError('address: must be an object with an account and a namespace')
  }
  const { account, namespace, session }: { readonly [name in keyof SessionAddress]?: unknown } = address
  if (session === undefined) checkNoOther(address)
  return [
    checkId('account', account, rules),
    checkId('namespace', namespace, rules),
    checkSession(session, rules),
  ]
}

/** Checks that an address without `session` has no other members: a misspelt `session` would reach the default session. */
function checkNoOther(address: object): void {
  const other = Object.keys(address).find((name) => !['account', 'namespace', 'session'].includes(name))
  if (other === undefined) return
  throw new InvalidAddressError(
    `address: there is no ${JSON.stringify(other)}, only account, namespace, session`,
  )
}

function checkText(kind: string, text: unknown, rules: NameRules): string {
  if (typeof text !== 'string') {
    throw new InvalidAddressError(`${kind}: must be a string, not ${text === null ? 'null' : typeof text}`)
  }
  if (text.length > rules.idLength) {
    throw new InvalidAddressError(`${kind}: has ${text.length} characters, limit ${rules.idLength}`)
  }
  if (!text.isWellFormed()) {
    throw new InvalidAddressError(`${kind}: holds a lone surrogate: use well-formed Unicode`)
  }
  if (rules.noPathNames !== undefined && (text === '.' || text === '..')) {
    throw new UnsupportedError(`${kind} "${text}": ${rules.noPathNames}`)
  }
  return text
}
