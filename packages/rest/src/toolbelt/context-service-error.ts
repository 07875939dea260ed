import { ContextStoreError } from '@context-store/core'
import type { ServiceAnswer } from '../client/service-exchange.ts'

/** The vendor's client on the statuses that it knows (docs/rest-contract.md, "Functions toolbelt's client"). */
const meanings: { readonly [status: number]: string } = {
  401: 'the key is invalid or without permission',
  403: 'the key is invalid or without permission',
  404: 'not there',
  500: 'service error',
  503: 'service error',
}

/** What a {@link ContextServiceClient} throws. */
export class ContextServiceError extends Error {
  /** The name of the class. */
  override readonly name = 'ContextServiceError'
  /** The status of the service's answer; -1: no answer, or nothing was sent. */
  readonly statusCode: number
  /** Creates the error. */
  constructor(statusCode: number, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.statusCode = statusCode
  }
}

/** The error for an answer whose status does not mean success. */
export function errorOfAnswer({ status, text }: ServiceAnswer): ContextServiceError {
  const said = messageIn(text)
  const meaning = Object.hasOwn(meanings, status) ? meanings[status] : undefined
  return new ContextServiceError(status, [meaning, said].filter((part) => part !== undefined).join(': '))
}

/** The error for a request that was not answered. */
export function errorOfCall(cause: unknown): ContextServiceError {
  if (cause instanceof ContextServiceError) return cause
  if (ContextStoreError.is(cause, 'unauthorized'))
    return new ContextServiceError(403, `${meanings[403]}`, { cause })
  return new ContextServiceError(-1, messageOf(cause), { cause })
}

/** By its shape: an error of another realm is no instance of this one's `Error`. */
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error)
}

function messageIn(text: string): string | undefined {
  try {
    const { message }: { message?: unknown } = JSON.parse(text)
    return typeof message === 'string' ? message : undefined
  } catch {
    return text === '' ? undefined : text.slice(0, 200)
  }
}
