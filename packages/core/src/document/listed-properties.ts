import type { Properties, SessionAddress } from '../api/context-store.ts'
import { ContextStoreError, errorAbout } from '../api/errors.ts'
import { readDocumentProperties } from './session-document.ts'

/**
 * Reads the properties of one session for a listing.
 *
 * @param wanted - `true`: all; an array: the named ones that exist
 * @throws `CorruptDataError` naming the session that is damaged
 */
export function listedProperties(
  address: Required<SessionAddress>,
  document: string,
  wanted: true | readonly string[],
): Properties {
  try {
    return readDocumentProperties(document, wanted === true ? undefined : wanted)
  } catch (error) {
    if (!ContextStoreError.is(error)) throw error
    throw errorAbout(error, address, `session ${JSON.stringify(address.session)}: ${error.message}`)
  }
}
