import type { ErrorCode } from '@context-store/core'

/**
 * The status that each error of a store is answered with; the only table of its kind.
 *
 * `unauthorized` is the store's own quarrel with its engine, not the client's key: a 401 or 403 would send the
 * client looking in the wrong place.
 */
export const statusOfError: { readonly [code in ErrorCode]: number } = {
  'invalid-address': 400,
  'invalid-value': 400,
  'invalid-option': 400,
  'namespace-not-found': 404,
  conflict: 409,
  'too-large': 413,
  closed: 503,
  unavailable: 503,
  unauthorized: 500,
  unsupported: 501,
  corrupt: 500,
}
