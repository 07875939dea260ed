import type { SessionAddress } from '../api/context-store.ts'
import { type ContextStoreError, errorAbout } from '../api/errors.ts'

/** The error, saying which session, namespace or account it is about; one that says so already stays as it is. */
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

/** A name for a message: quoted, and cut where it is long. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name)
}
