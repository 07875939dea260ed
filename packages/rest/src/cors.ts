import { InvalidOptionError } from '@context-store/core'
import type { ServiceRequest } from './service-request.ts'

type HeaderRecord = Readonly<Record<string, string>>

/** The headers for browsers on another origin. */
export interface Cors {
  /** Sent with every answer. */
  readonly headers: HeaderRecord
  /** Sent in answer to a preflight request. */
  readonly preflight: HeaderRecord
}

/** The headers for the allowed origin, or `*` for any; `undefined` without an origin. */
export function corsRules(origin: string | undefined, methods: readonly string[]): Cors | undefined {
  if (origin === undefined) return undefined
  if (origin !== '*' && !isOrigin(origin)) {
    throw new InvalidOptionError('cors: must be an origin such as https://shop.example, or *')
  }
  const own: HeaderRecord = {
    'access-control-allow-origin': origin,
    ...(origin === '*' ? {} : { vary: 'origin' }),
  }
  return {
    headers: { ...own, 'access-control-expose-headers': 'allow' },
    preflight: {
      ...own,
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': 'authorization, content-type, maven-api-key, x-request-id',
      'access-control-max-age': '600',
    },
  }
}

/** Whether a request is a preflight request, which never has an API key. */
export function isPreflight(request: ServiceRequest): boolean {
  return request.method === 'OPTIONS' && request.header('access-control-request-method') !== undefined
}

function isOrigin(text: unknown): boolean {
  return typeof text === 'string' && URL.canParse(text) && new URL(text).origin === text
}
