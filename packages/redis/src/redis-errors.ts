import {
  ContextStoreError,
  CorruptDataError,
  type SessionAddress,
  StoreUnavailableError,
  UnauthorizedError,
} from '@context-store/core'

/** What the server could not have begun to do when it answered so. */
const refusals =
  /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|MISCONF|NOREPLICAS|BUSY|OOM|MOVED|ASK|NOSCRIPT)\b/

/** What the server says while a hash slot moves: the keys of one call are on two nodes. */
const moving = /^TRYAGAIN\b|non local key/

/** What the client says of a command that it never sent. */
const unsent = new Set(['AbortError', 'ClientClosedError', 'ClientOfflineError', 'DisconnectsClientError'])

/** Whether an error is about credentials; it stays until somebody changes them. */
export function isUnauthorized(error: unknown): boolean {
  return /^(?:NOAUTH|WRONGPASS|NOPERM)\b|invalid (?:username-)?password/.test(messageOf(error))
}

/** Whether an error is the server's own word, which begins with a code in capitals. */
export function isAnswer(error: unknown): boolean {
  return /^[A-Z]+ /.test(messageOf(error))
}

/** Whether the server has forgotten the script. */
export function isScriptForgotten(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT')
}

/** Whether the keys of a call are between two nodes, which passes. */
export function isMoving(error: unknown): boolean {
  return moving.test(messageOf(error))
}

/** The store's error for one of the client's or the server's, which becomes its cause. */
export function storeError(
  cause: unknown,
  isWrite: boolean,
  address?: Partial<SessionAddress>,
): ContextStoreError {
  if (ContextStoreError.is(cause)) return cause
  const message = messageOf(cause)
  if (isUnauthorized(cause)) {
    return new UnauthorizedError(
      'Redis refuses the credentials: check user and password, and what the user may do',
      {
        cause,
        address,
      },
    )
  }
  if (message.startsWith('CORRUPT')) return new CorruptDataError(message.slice(8), { cause, address })
  if (message.includes('WRONGTYPE')) {
    return new CorruptDataError('a key of this store holds something else; it has been left as it is', {
      cause,
      address,
    })
  }
  const notApplied = refusals.test(message) || isMoving(cause) || unsent.has(nameOf(cause))
  const outcome = isWrite && !notApplied ? 'unknown' : 'not-applied'
  return new StoreUnavailableError(`Redis cannot do it: ${message || 'the connection was lost'}`, {
    cause,
    address,
    outcome,
  })
}

/** The error of calls that failed together, for the one at an address. */
export function errorAt(error: unknown, address: Partial<SessionAddress>): unknown {
  if (!ContextStoreError.is(error) || error.address !== undefined) return error
  const { message, cause, outcome } = error
  const options = { address, outcome, ...(cause !== undefined && { cause }) }
  return error.code === 'unauthorized'
    ? new UnauthorizedError(message, options)
    : new StoreUnavailableError(message, options)
}

/** The error for a call that got no answer in time. */
export function tooLate(
  timeoutMs: number,
  sent: boolean,
  cause: unknown,
  address?: Partial<SessionAddress>,
): ContextStoreError {
  if (isUnauthorized(cause)) return storeError(cause, false, address)
  const what = sent ? 'Redis did not answer' : 'there was no connection to Redis'
  return new StoreUnavailableError(`${what} within ${timeoutMs} ms`, {
    ...(cause !== undefined && { cause }),
    address,
    outcome: sent ? 'unknown' : 'not-applied',
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : ''
}
