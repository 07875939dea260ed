import type { ContextServiceDouble, DoubleOptions } from './context-service-double.ts'
import { checkedDoubleOptions, DoubleCore, doubleOf, isInContract } from './double-core.ts'
import { intercept } from './interception.ts'

/**
 * Replaces the real hosts by the double within this process: requests to them are answered without a network, requests
 * to any other host are left alone. It is in place when this returns, and removed by `close()`. If several doubles have
 * the same host, the latest answers.
 *
 * Patched are `globalThis.fetch`, `request`, `get` and `ClientRequest` of `node:http`, and `request` and `get` of
 * `node:https`, and so the libraries that call these: axios, got, superagent, node-fetch. Not patched: the package
 * `undici` and its dispatchers, `node:http2`, `node:net`, `XMLHttpRequest` of a browser or of jsdom, other processes
 * and worker threads, and a function that a module took before (`import { request } from 'node:https'`,
 * `const { fetch } = globalThis`). In a sandbox with globals of its own, as each test file of Jest is, `fetch` is that of
 * the sandbox.
 *
 * Other libraries may patch the same members before or after it, and end in any order: MSW, nock, undici's MockAgent,
 * happy-dom, jsdom. While the double is in place, its patch is always the outermost, so requests to its hosts reach it
 * first; what others assign to a member is called for all other requests. After the last `close()` each member has what
 * others left there, and the original once they have ended too. Only an assignment through `Object.defineProperty`
 * replaces the patch.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one; the store's own errors for a `state`
 * @example
 * ```ts
 * const service = interceptContextService()
 * await handler({ conversation: 'c1' }) // calls https://z1.context.liveperson.net/…
 * expect(service.snapshot()).toEqual({ '577089': { orders: { c1: { step: 2 } } } })
 * ```
 */
export function interceptContextService(options?: DoubleOptions): ContextServiceDouble {
  const checked = checkedDoubleOptions(options, 'interceptContextService', ['answer', 'error', 'pass'])
  const { hosts, onUnhandled } = checked
  const core = new DoubleCore(checked)
  const end = intercept({
    hosts,
    takes: onUnhandled === 'pass' ? isInContract : () => true,
    answer: (request) => core.handle(request),
  })
  return doubleOf(core, `https://${hosts[0]}`, async () => end())
}
