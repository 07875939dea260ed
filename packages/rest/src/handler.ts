import type { ContextStore } from '@context-store/core'
import { checkedOptions } from '@context-store/core/adapter'
import { checkStore } from './check-store.ts'
import { type HandlerOptions, handlerOptionNames } from './handler-options.ts'
import { targetOfUrl } from './path.ts'
import { createService } from './service.ts'
import { WebRequest } from './web-request.ts'

/**
 * Creates the REST service of a store: a function from `Request` to `Response`, for any server that takes one.
 *
 * The function never rejects, and never closes the store. `rawTarget` is the request target as it was sent, a string: a
 * `Request` has already resolved `.`, `..`, `%2e` and `%2e%2e` in its URL, which are ids like any other here. If
 * `rawTarget` is not a string, the target is that of the request's URL: servers pass their own second argument to a
 * fetch handler, such as an environment or the connection.
 *
 * @throws `InvalidOptionError` for a missing store, an unknown option or an invalid value of one
 * @example
 * ```ts
 * const handle = createHandler(memoryStore(), { keys: { '577089': 'secret' } })
 * const response = await handle(new Request('http://localhost/v1/account/577089', { headers }))
 * ```
 */
export function createHandler(
  store: ContextStore,
  options?: HandlerOptions,
): (request: Request, rawTarget?: unknown) => Promise<Response> {
  checkStore(store, 'createHandler')
  const answer = createService(store, checkedOptions(options, handlerOptionNames, 'createHandler'))
  return async (request, rawTarget) => {
    const target = typeof rawTarget === 'string' ? rawTarget : targetOfUrl(request.url)
    const { status, body, headers } = await answer(new WebRequest(request), target)
    return new Response(body ?? null, { status, headers })
  }
}
