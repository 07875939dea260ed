import { InvalidOptionError } from '@context-store/core'
import { Refusal } from './refusal.ts'

/** The keys that are accepted: one for every account, one for each account, or any. */
export type Keys = string | { readonly [account: string]: string }

/** Who may do what: `account` is `undefined` where it cannot be read. */
export type KeyCheck = (key: string | null, account: string | undefined, hasAccount: boolean) => void

/** Makes the check of the key of a request: 401 without one, 403 with a wrong one. */
export function keyCheck(keys: Keys | undefined): KeyCheck {
  const keyOf = keyFinder(keys)
  return (key, account, hasAccount) => {
    if (key === null || key === '') throw new Refusal(401, 'send your key in the header maven-api-key')
    if (keyOf === undefined) return
    const expected = keyOf(account, hasAccount)
    if (expected === 'nothing to check') return
    if (expected === undefined || !sameText(key, expected.key)) {
      throw new Refusal(403, 'the key is not the one of this account')
    }
  }
}

type KeyFinder = (
  account: string | undefined,
  hasAccount: boolean,
) => { readonly key: string } | 'nothing to check' | undefined

function keyFinder(keys: Keys | undefined): KeyFinder | undefined {
  if (keys === undefined) return undefined
  if (typeof keys === 'string') {
    const only = { key: checkedKey(keys) }
    return () => only
  }
  if (typeof keys !== 'object' || keys === null) {
    throw new InvalidOptionError('keys: a string, or an object of accounts and their keys')
  }
  const byAccount = new Map(
    Object.entries(keys).map(([account, key]) => [account, { key: checkedKey(key) }] as const),
  )
  return (account, hasAccount) => {
    if (!hasAccount) return 'nothing to check'
    return account === undefined ? undefined : byAccount.get(account)
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
