import type { ErrorCode } from '@context-store/core'

/**
 * The HTTP status for each error code of a store.
 *
 * `unauthorized` means that the engine refused the store's credentials, not the client's API key: a 401 or 403 would
 * mislead the client.
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
