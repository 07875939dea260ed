import { checkTtl } from '../rules/check-patch.ts'

/**
 * Checks a time to live that a bridge is given as an option, once, at the start.
 *
 * @returns the same, `undefined` if it is left out
 * @throws `InvalidOptionError` unless it is a whole number of seconds from 0, for ever, to 10^10
 */
export function checkTtlSeconds(ttlSeconds: number | undefined): number | undefined {
  return checkTtl({ ttlSeconds })
}
