import {
  type ContextStoreError,
  CorruptDataError,
  InvalidValueError,
  NamespaceNotFoundError,
  StoreUnavailableError,
  TooLargeError,
} from '@context-store/core'
import type { ServiceAnswer, ServiceRequest } from './service-exchange.ts'

/** The `outcome` of a call whose request failed; `isRefused`: this request has certainly changed nothing. */
export function outcomeOf(
  { method, isLater }: ServiceRequest,
  isRefused: boolean,
): ContextStoreError['outcome'] {
  return isLater || (method !== 'GET' && !isRefused) ? 'unknown' : 'not-applied'
}

/** The error for an answer other than the expected one. */
export function errorOf(answer: ServiceAnswer, request: ServiceRequest): ContextStoreError {
  const { status } = answer
  const said = messageOf(answer)
  // Whoever says so, a proxy in front of the service too: the same request will be too large again.
  if (status === 413) {
    const reason = said ?? 'no message'
    return new TooLargeError(`the service refuses it (413): ${reason}`, { outcome: outcomeOf(request, true) })
  }
  // No service of this contract gives such an answer: something else is at that URL.
  if (status < 400 || said === undefined) return notTheService(status, request)
  // A 5xx says that the service failed, perhaps after it wrote.
  const outcome = outcomeOf(request, status < 500)
  switch (status) {
    case 400:
      return new InvalidValueError('', `the service refuses it (400): ${said}`, { outcome })
    case 404:
      return new NamespaceNotFoundError(`the service does not know it (404): ${said}`, { outcome })
    default:
      return new StoreUnavailableError(`the service answered ${status}: ${said}`, { outcome })
  }
}

/** Whether the answer says that what was asked for does not exist. */
export function isNotFound(answer: ServiceAnswer): boolean {
  return answer.status === 404 && messageOf(answer) !== undefined
}

/** The message of an error's body, cut to the length of a line; `undefined`: it is no such body. */
function messageOf({ text, status }: ServiceAnswer): string | undefined {
  try {
    const { message }: { message?: unknown } = JSON.parse(text)
    if (typeof message === 'string') return message.slice(0, 200)
  } catch {
    // A proxy in front of the service answers with a page of its own when the service is down or busy.
  }
  return status >= 500 || status === 429 || status === 408 ? 'no message' : undefined
}

/** The error for an answer that cannot come from a service of this contract; without a request: of a read. */
export function notTheService(status: number, request?: ServiceRequest): CorruptDataError {
  return new CorruptDataError(
    `the server at baseUrl is not a service of this contract (it answered ${status}): check baseUrl`,
    { outcome: request === undefined ? 'not-applied' : outcomeOf(request, false) },
  )
}
