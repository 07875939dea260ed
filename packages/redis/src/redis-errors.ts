import {
  type ContextStoreError,
  CorruptDataError,
  StoreUnavailableError,
  TooLargeError,
  UnauthorizedError,
} from '@context-store/core'
import type { CallKind } from '@context-store/core/adapter'

/*
 * Errors of the client and of the server are recognised by their messages: the client's errors have no code, and classes
 * and their names differ between realms and bundles.
 */

/** An error reply of the server, which may be one of several replies. */
export interface ErrorReply {
  /** The text of the error. */
  readonly message: string
}

/** The errors with which the server refuses a command before it does anything. */
const refusals =
  /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|MISCONF|NOREPLICAS|BUSY|OOM|MOVED|ASK|NOSCRIPT|LARGE)\b/

/** The errors of the server while a hash slot moves, and the keys of one call are on two nodes. */
const moving = /^TRYAGAIN\b|non local key/

/** The errors of the client for a command that it never sent. */
const unsent = /^The client (?:is closed|is offline)$/

/** The errors of the server for missing credentials or permissions; some are about a command inside a script. */
const unauthorized =
  /^(?:NOAUTH|WRONGPASS|NOPERM)\b|invalid (?:username-)?password|user executing the script can't|ACL failure in script/

/** Whether a reply, or the reason of a rejection, is an error. */
export function isErrorReply(reply: unknown): reply is ErrorReply {
  return typeof reply === 'object' && reply !== null && 'message' in reply
}

/** Whether an error is about credentials or permissions, and so lasts until somebody changes them. */
export function isUnauthorized(error: unknown): boolean {
  return unauthorized.test(messageOf(error))
}

/** Whether an error came from the server: then it begins with a code in capitals. */
export function isAnswer(error: unknown): boolean {
  return /^[A-Z]+ /.test(messageOf(error))
}

/** Whether the server does not have the script. */
export function isScriptUnknown(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT')
}

/** Whether a script left the work to the client, because it would block the server too long; it changed nothing. */
export function isTooMuchWork(error: unknown): boolean {
  return messageOf(error).startsWith('LARGE ')
}

/** Whether the keys of a call are on two nodes, which is temporary. */
export function isMoving(error: unknown): boolean {
  return moving.test(messageOf(error))
}

/** Whether the client removed a command from its queue before it was sent. */
export function isAborted(error: unknown): boolean {
  return messageOf(error) === 'The command was aborted'
}

/** The store's error for an error of the client or of the server, which becomes the cause. */
export function errorOf(cause: unknown, during: CallKind): ContextStoreError {
  const message = messageOf(cause)
  if (isUnauthorized(cause)) {
    return new UnauthorizedError(
      'Redis refuses the credentials: check the user, the password and the permissions of the user',
      { cause },
    )
  }
  // An error of a script of this package; Redis may append where in the script it was raised.
  if (message.startsWith('CORRUPT '))
    return new CorruptDataError(message.slice(8).replace(/ script: .*/, ''), { cause })
  if (message.includes('WRONGTYPE')) {
    return new CorruptDataError(
      'a key of this store has a value of another type; it has been left as it is',
      {
        cause,
      },
    )
  }
  // V8's message. The text of a call is built before it is sent.
  if (message === 'Invalid string length') {
    return new TooLargeError('the call is longer than a string can be: write less at once', { cause })
  }
  const isCertain = during === 'read' || refusals.test(message) || isMoving(cause) || unsent.test(message)
  return new StoreUnavailableError(`Redis failed: ${message || 'the connection was lost'}`, {
    cause,
    outcome: isCertain ? 'not-applied' : 'unknown',
  })
}

/** The error for a call that got no answer in time. */
export function timeoutError(
  timeoutMs: number,
  isSent: boolean,
  during: CallKind,
  cause: unknown,
): ContextStoreError {
  if (!isSent && isUnauthorized(cause)) return errorOf(cause, 'read')
  const what = isSent ? 'Redis did not answer' : 'there was no connection to Redis'
  return new StoreUnavailableError(`${what} within ${timeoutMs} ms${systemReason(cause)}`, {
    ...(cause !== undefined && { cause }),
    outcome: isSent && during === 'write' ? 'unknown' : 'not-applied',
  })
}

function messageOf(error: unknown): string {
  return isErrorReply(error) ? String(error.message) : ''
}

/** What the operating system says, such as `connect ECONNREFUSED 127.0.0.1:6379`. An error reply may quote a password. */
function systemReason(cause: unknown): string {
  return cause instanceof Error && 'syscall' in cause ? `: ${cause.message}` : ''
}
