import { NamespaceNotFoundError, TooLargeError } from '../api/errors.ts'
import type { StoreRules } from './store-rules.ts'

/**
 * Checks the size that a session would have after a patch.
 *
 * @param length - the length of its compact JSON, in UTF-16 units
 * @param properties - how many properties it would have
 * @throws `TooLargeError` if a limit is exceeded; core adds the session's address
 */
export function checkSize(length: number, properties: number, { limits }: StoreRules): void {
  if (length > limits.documentLength) {
    throw new TooLargeError(
      `it would have ${length} characters of JSON, limit ${limits.documentLength}: remove some first`,
    )
  }
  if (properties > limits.properties) {
    throw new TooLargeError(
      `it would have ${properties} properties, limit ${limits.properties}: remove some first`,
    )
  }
}

/** The error for a namespace that does not exist, where namespaces are explicit; core adds its address. */
export function namespaceNotFound(): NamespaceNotFoundError {
  return new NamespaceNotFoundError('the namespace does not exist: create it first')
}

/** Once a listing with properties has read this many characters of documents, its page ends early. */
export const listedLength = 4_000_000
