import {
  type ContextStoreError,
  CorruptDataError,
  StoreUnavailableError,
  TooLargeError,
  UnauthorizedError,
} from '@context-store/core'
import type { CallKind } from '@context-store/core/adapter'

/*
 * Errors of the client and of the server are recognised by their messages: the client's have no code, and a class or
 * its name differs between realms and bundles.
 */

/** An error that the server answered, also as one of several replies. */
export interface ErrorReply {
  /** What the server said. */
  readonly message: string
}

/** What the server answers before it does anything. */
const refusals =
  /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|MISCONF|NOREPLICAS|BUSY|OOM|MOVED|ASK|NOSCRIPT|LARGE)\b/

/** What the server answers while a hash slot moves: the keys of one call are on two nodes. */
const moving = /^TRYAGAIN\b|non local key/

/** What the client says of a command that it never sent. */
const unsent = /^The client (?:is closed|is offline)$/

/** What the server answers for want of credentials or of a permission; some of it is said of a script's command. */
const unauthorized =
  /^(?:NOAUTH|WRONGPASS|NOPERM)\b|invalid (?:username-)?password|user executing the script can't|ACL failure in script/

/** Whether a reply, or what a call rejected with, is an error. */
export function isErrorReply(reply: unknown): reply is ErrorReply {
  return typeof reply === 'object' && reply !== null && 'message' in reply
}

/** Whether an error is about credentials; it lasts until somebody changes them. */
export function isUnauthorized(error: unknown): boolean {
  return unauthorized.test(messageOf(error))
}

/** Whether an error is the server's answer, which begins with a code in capitals. */
export function isAnswer(error: unknown): boolean {
  return /^[A-Z]+ /.test(messageOf(error))
}

/** Whether the server does not know the script (any more). */
export function isScriptUnknown(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT')
}

/** Whether a script left its work to the client, because it would hold up the server for too long; it changed nothing. */
export function isTooMuchWork(error: unknown): boolean {
  return messageOf(error).startsWith('LARGE ')
}

/** Whether the keys of a call are on two nodes, which passes. */
export function isMoving(error: unknown): boolean {
  return moving.test(messageOf(error))
}

/** Whether the client removed a command from its queue before it was sent. */
export function isAborted(error: unknown): boolean {
  return messageOf(error) === 'The command was aborted'
}

/** The store's error for an error of the client or of the server, which becomes its cause. */
export function errorOf(cause: unknown, during: CallKind): ContextStoreError {
  const message = messageOf(cause)
  if (isUnauthorized(cause)) {
    return new UnauthorizedError(
      'Redis refuses the credentials: check the user, the password and what the user may do',
      { cause },
    )
  }
  // A script's own answer, and behind it, on some ways, where in the script that was.
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
  // V8's message. The text of a call is put together before it is sent.
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
  return new StoreUnavailableError(`${what} within ${timeoutMs} ms`, {
    ...(cause !== undefined && { cause }),
    outcome: isSent && during === 'write' ? 'unknown' : 'not-applied',
  })
}

function messageOf(error: unknown): string {
  return isErrorReply(error) ? String(error.message) : ''
}
