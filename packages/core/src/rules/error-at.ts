import type { SessionAddress } from '../api/context-store.ts'
import { type ContextStoreError, errorAbout } from '../api/errors.ts'

/** Returns the error with the address that it is about; an error that already has one is returned unchanged. */
export function errorAt(
  error: ContextStoreError,
  { account, namespace, session }: Partial<SessionAddress>,
): ContextStoreError {
  if (account === undefined || error.address?.session !== undefined) return error
  if (session === undefined && error.address !== undefined) return error
  const address = {
    account,
    ...(namespace !== undefined && { namespace }),
    ...(session !== undefined && { session }),
  }
  const isOfSession = error.code === 'corrupt' || error.code === 'too-large'
  const message =
    isOfSession && session !== undefined ? `session ${quoted(session)}: ${error.message}` : error.message
  return errorAbout(error, address, message)
}

/** A name for a message: quoted, and truncated if it is long. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name)
}
