import {
  type ContextStoreError,
  CorruptDataError,
  InvalidValueError,
  NamespaceNotFoundError,
  StoreUnavailableError,
  TooLargeError,
} from '@context-store/core'
import { noSuchPath } from '../no-such-path.ts'
import type { ServiceAnswer, ServiceRequest } from './service-exchange.ts'

/** The `outcome` of a call whose request failed. With `isRefused`, the request certainly changed nothing. */
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
  // Even if a proxy in front of the service says so: the same request will be too large again.
  if (status === 413) {
    const reason = said ?? 'no message'
    return new TooLargeError(`the service answered 413: ${reason}`, { outcome: outcomeOf(request, true) })
  }
  // A service with this contract does not answer like this: something else is at that URL.
  if (status < 400 || said === undefined || said.startsWith(noSuchPath)) return notTheService(status, request)
  // A 5xx says that the service failed, perhaps after it wrote.
  const outcome = outcomeOf(request, status < 500)
  switch (status) {
    case 400:
      return new InvalidValueError('', `the service answered 400: ${said}`, { outcome })
    case 404:
      return new NamespaceNotFoundError(`the service answered 404: ${said}`, { outcome })
    default:
      return new StoreUnavailableError(`the service answered ${status}: ${said}`, { outcome })
  }
}

/** Whether the answer is the service's 404. */
export function isNotFound(answer: ServiceAnswer): boolean {
  return answer.status === 404 && messageOf(answer)?.startsWith(noSuchPath) === false
}

/** The message in the body of an error, at most 200 characters; `undefined` if the body is not that of the contract. */
function messageOf({ text, status }: ServiceAnswer): string | undefined {
  try {
    const { message }: { message?: unknown } = JSON.parse(text)
    if (typeof message === 'string') return message.slice(0, 200)
  } catch {
    // If the service is down or busy, a proxy in front of it may answer with its own page.
  }
  return status >= 500 || status === 429 || status === 408 ? 'no message' : undefined
}

/** The error for an answer outside the contract; without `request`, for a read. */
export function notTheService(status: number, request?: ServiceRequest): CorruptDataError {
  return new CorruptDataError(
    `the server at baseUrl gave an answer outside the REST contract (status ${status}): check baseUrl`,
    { outcome: request === undefined ? 'not-applied' : outcomeOf(request, false) },
  )
}
