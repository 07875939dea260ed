import { InvalidOptionError } from '@context-store/core'

/**
 * The keys that are accepted. A string: the one key of every account. An object: the key of each account; one
 * without an entry accepts none. A {@link KeyRing}: what it says, so that a key can be regenerated meanwhile.
 */
export type Keys = string | { readonly [account: string]: string } | KeyRing

/**
 * The keys of accounts, where they change while they are in use; made by {@link createKeys}. It gives away a key
 * once, when it makes it, and shows none when it is logged.
 */
export interface KeyRing {
  /**
   * Whether `key` is the account's, in a time that tells nothing of the right one. Without an account, for a
   * path that names none: whether the key could be anybody's.
   */
  accepts(account: string | undefined, key: string): boolean
  /**
   * Makes a new key for the account, 32 hexadecimal digits; every other one, where any was accepted too, is a
   * 403 from now on (WIRE.md, "Base").
   *
   * @returns the new key
   */
  regenerate(account: string): string
  /** Forgets every regenerated key: the keys are again what they were made with. */
  reset(): void
}

/**
 * Makes keys that can be regenerated while a handler uses them.
 *
 * @param keys - the keys to begin with: any but an empty one, if left out
 * @throws `InvalidOptionError` for a key that no header can carry
 * @example
 * ```ts
 * const keys = createKeys({ '577089': 'secret' })
 * const handle = createHandler(store, { keys })
 * const key = keys.regenerate('577089') // 'secret' is a 403 from here on
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

/** The ring that keys are checked against: the caller's own, or one of fixed keys. */
export function keyRing(keys: Keys | undefined): KeyRing {
  return isKeyRing(keys) ? keys : createKeys(keys)
}

function isKeyRing(keys: Keys | undefined): keys is KeyRing {
  // A map of accounts has texts, whatever its accounts are called.
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
  if (typeof keys !== 'object' || keys === null) {
    throw new InvalidOptionError('keys: a string, or an object of accounts and their keys')
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
    throw new InvalidOptionError('keys: a key is visible ASCII, which is what a header can carry')
  }
  return key
}

/** Compares in a time that tells nothing of `expected`; by hand, since not every host has `timingSafeEqual`. */
function sameText(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length
  for (let i = 0; i < given.length; i++) {
    difference |= given.charCodeAt(i) ^ expected.charCodeAt(i % expected.length)
  }
  return difference === 0
}
