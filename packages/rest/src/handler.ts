import type { ContextStore } from '@context-store/core'
import type { HandlerOptions } from './handler-options.ts'
import { targetOfUrl } from './path.ts'
import { createService } from './service.ts'
import { WebRequest } from './web-request.ts'

/**
 * Makes the service of a store: a function from `Request` to `Response`, for whatever serves those.
 *
 * It never rejects, and never closes the store. `rawTarget` is the request target as it was sent: a `Request`
 * has resolved `.`, `..`, `%2e` and `%2e%2e` already, which are ids like any other; without it, what the URL
 * still shows is what counts.
 *
 * @throws `InvalidOptionError` for an option that cannot be
 * @example
 * ```ts
 * const handle = createHandler(memoryStore(), { keys: { '577089': 'secret' } })
 * const response = await handle(new Request('http://localhost/v1/account/577089', { headers }))
 * ```
 */
export function createHandler(
  store: ContextStore,
  options: HandlerOptions = {},
): (request: Request, rawTarget?: string) => Promise<Response> {
  const answer = createService(store, options)
  return async (request, rawTarget = targetOfUrl(request.url)) => {
    const { status, body, headers } = await answer(new WebRequest(request), rawTarget)
    return new Response(body ?? null, { status, headers })
  }
}
