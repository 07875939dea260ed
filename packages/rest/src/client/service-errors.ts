import {
  type ContextStoreError,
  type ContextStoreErrorOptions,
  CorruptDataError,
  InvalidValueError,
  NamespaceNotFoundError,
  type SessionAddress,
  StoreUnavailableError,
  TooLargeError,
} from '@context-store/core'
import type { ServiceAnswer, ServiceRequest } from './service-calls.ts'

/** The error for an answer that is not the one asked for. */
export function errorOf(
  answer: ServiceAnswer,
  { method }: ServiceRequest,
  address: Partial<SessionAddress>,
): ContextStoreError {
  const { status } = answer
  const said = messageOf(answer)
  // An answer that no service of this contract gives: whatever stands at that URL is something else.
  if (status < 400 || said === undefined) return notTheService(status, address, method)
  const options: ContextStoreErrorOptions = { address }
  switch (status) {
    case 400:
      return new InvalidValueError('', `the service refuses it (400): ${said}`, options)
    case 404:
      return new NamespaceNotFoundError(`the service does not know it (404): ${said}`, options)
    case 413:
      return new TooLargeError(`the service refuses it (413): ${said}`, options)
    default: {
      // From 500 on the service itself is in trouble, perhaps after it wrote.
      const outcome = status >= 500 && method !== 'GET' ? 'unknown' : 'not-applied'
      return new StoreUnavailableError(`the service answered ${status}: ${said}`, { ...options, outcome })
    }
  }
}

/** Whether the answer says that what was asked for is not there. */
export function isNotFound(answer: ServiceAnswer): boolean {
  return answer.status === 404 && messageOf(answer) !== undefined
}

/** The message of an error's body (WIRE.md, "Meaning"), cut to a line's length; `undefined`: it is no such body. */
function messageOf({ text, status }: ServiceAnswer): string | undefined {
  try {
    const { message }: { message?: unknown } = JSON.parse(text)
    if (typeof message === 'string') return message.slice(0, 200)
  } catch {
    // Something before the service answers with a page of its own when that is down or busy.
  }
  return status >= 500 || status === 429 || status === 408 ? 'no message' : undefined
}

/** The error for an answer that cannot come from a service of this contract. */
export function notTheService(
  status: number,
  address: Partial<SessionAddress>,
  method: ServiceRequest['method'],
): CorruptDataError {
  return new CorruptDataError(
    `what answers at baseUrl is no service of this contract (it answered ${status}): see baseUrl`,
    { address, outcome: method === 'GET' ? 'not-applied' : 'unknown' },
  )
}
