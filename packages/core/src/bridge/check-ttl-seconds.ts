import { checkTtl } from '../rules/check-patch.ts'

/**
 * Checks a time to live that is an option of a bridge, once, when the bridge is created.
 *
 * @returns `ttlSeconds`; `undefined` if it is left out
 * @throws `InvalidOptionError` unless it is a whole number of seconds from 0 (never expires) to 10^10
 */
export function checkTtlSeconds(ttlSeconds: number | undefined): number | undefined {
  return checkTtl({ ttlSeconds })
}
