import { InvalidAddressError, InvalidOptionError } from '@context-store/core'
import { isPlainObject } from './plain-object.ts'

/**
 * The API keys that are accepted. A string: the key of every account. An object: the key of each account; an account
 * without an entry accepts no key. A {@link KeyRing}: keys that can change.
 */
export type Keys = string | { readonly [account: string]: string } | KeyRing

/**
 * The API keys of accounts, which can change while they are in use; created by {@link createKeys}. Only `regenerate`
 * returns a key, and logging a key ring shows none.
 */
export interface KeyRing {
  /**
   * Whether `key` is valid for the account; compares in constant time. For a path without an account: whether the key
   * may be valid for any account.
   */
  accepts(account: string | undefined, key: string): boolean
  /**
   * Creates a new key for the account, 32 hexadecimal digits. Every other key of the account is a 403 from now on
   * (docs/rest-contract.md, "Requests").
   *
   * @returns the new key
   * @throws `InvalidAddressError` if `account` is not a string, or is empty
   */
  regenerate(account: string): string
  /** Drops all regenerated keys: the initial keys are valid again. */
  reset(): void
}

/**
 * Creates API keys that can be regenerated while a handler uses them.
 *
 * @param keys - the initial keys: one for all accounts, or one for each. Default: any non-empty key is valid
 * @throws `InvalidOptionError` for any other value, and for a key that a header cannot carry
 * @example
 * ```ts
 * const keys = createKeys({ '577089': 'secret' })
 * const handle = createHandler(store, { keys })
 * const key = keys.regenerate('577089') // from now on 'secret' is a 403
 * ```
 */
export function createKeys(keys?: string | { readonly [account: string]: string }): KeyRing {
  const regenerated = new Map<string, string>()
  const before = firstKeys(keys)
  return {
    accepts(account, key) {
      if (account === undefined) {
        return before(account, key) || [...regenerated.values()].some((own) => sameText(key, own))
      }
      const own = regenerated.get(account)
      return own === undefined ? before(account, key) : sameText(key, own)
    },
    regenerate(account) {
      if (typeof account !== 'string' || account === '') {
        throw new InvalidAddressError('account: must be a non-empty string')
      }
      const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
        byte.toString(16).padStart(2, '0'),
      ).join('')
      regenerated.set(account, key)
      return key
    },
    reset() {
      regenerated.clear()
    },
  }
}

/** The caller's key ring, or a new one of the given keys. */
export function keyRing(keys: Keys | undefined): KeyRing {
  return isKeyRing(keys) ? keys : createKeys(keys)
}

function isKeyRing(keys: Keys | undefined): keys is KeyRing {
  // In an object of accounts every member is a string, even if an account is called `accepts`.
  return typeof keys === 'object' && keys !== null && typeof keys.accepts === 'function'
}

function firstKeys(
  keys: string | { readonly [account: string]: string } | undefined,
): (account: string | undefined, key: string) => boolean {
  if (keys === undefined) return () => true
  if (typeof keys === 'string') {
    const only = checkedKey(keys)
    return (_, key) => sameText(key, only)
  }
  if (!isPlainObject(keys)) {
    throw new InvalidOptionError('keys: must be a string, or a plain object of accounts and their keys')
  }
  const byAccount = new Map(Object.entries(keys).map(([account, key]) => [account, checkedKey(key)] as const))
  return (account, key) => {
    if (account === undefined) return true
    const own = byAccount.get(account)
    return own !== undefined && sameText(key, own)
  }
}

function checkedKey(key: unknown): string {
  if (typeof key !== 'string' || !/^[!-~](?:[ -~]*[!-~])?$/.test(key)) {
    throw new InvalidOptionError(
      'keys: a key must be visible ASCII characters, so that a header can carry it',
    )
  }
  return key
}

/** Compares in constant time. Not every runtime has `timingSafeEqual`. */
function sameText(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length
  for (let i = 0; i < given.length; i++) {
    difference |= given.charCodeAt(i) ^ expected.charCodeAt(i % expected.length)
  }
  return difference === 0
}
