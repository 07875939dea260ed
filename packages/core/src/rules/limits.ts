import { NamespaceNotFoundError, TooLargeError } from '../api/errors.ts'
import type { StoreRules } from './store-rules.ts'

/**
 * Checks the size of a session as a patch would leave it.
 *
 * @param length - its compact JSON, in UTF-16 units
 * @param properties - how many it would have
 * @throws `TooLargeError` past a limit; core adds which session it is
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

/** The error for a namespace that nobody created, where namespaces are explicit; core adds which namespace it is. */
export function namespaceNotFound(): NamespaceNotFoundError {
  return new NamespaceNotFoundError('the namespace does not exist: create it first')
}

/** Where a listing with properties has read so many characters of documents, its page ends early. */
export const listedLength = 4_000_000
