import type { ContextServiceDouble, DoubleOptions } from './context-service-double.ts'
import { checkedDoubleOptions, DoubleCore, doubleOf } from './double-core.ts'

/**
 * Creates a double without a port or an interceptor. Its `handle` answers the requests that a handler of MSW,
 * Playwright's `page.route` or a service worker passes to it, whatever their host. It does not depend on Node: in a
 * browser or a worker, import it from `@context-store/rest/testing/web`.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one; the store's own errors for a `state`
 * @example
 * ```ts
 * const service = createContextService()
 * const worker = setupWorker(http.all(`${service.url}/*`, ({ request }) => service.handle(request)))
 * ```
 */
export function createContextService(options?: DoubleOptions): ContextServiceDouble {
  const checked = checkedDoubleOptions(options, 'createContextService')
  return doubleOf(new DoubleCore(checked), `https://${checked.hosts[0]}`, async () => undefined)
}
