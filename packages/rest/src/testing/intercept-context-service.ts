import type { ContextServiceDouble, DoubleOptions } from './context-service-double.ts'
import { checkedDoubleOptions, DoubleCore, doubleOf, isInContract } from './double-core.ts'
import { intercept } from './interception.ts'

/**
 * Replaces the real hosts with a double in this process: it answers requests to them without a network, and leaves
 * requests to other hosts alone. It is active when this returns, until `close()`. If several doubles have the same host,
 * the one that started last answers.
 *
 * Patched are `globalThis.fetch`, `request`, `get` and `ClientRequest` of `node:http`, and `request` and `get` of
 * `node:https`, so libraries that call these work too: axios, got, superagent, node-fetch. Not patched: the package
 * `undici` and its dispatchers, `node:http2`, `node:net`, `XMLHttpRequest` of a browser or of jsdom, other processes
 * and worker threads, and a function that a module took earlier (`import { request } from 'node:https'`,
 * `const { fetch } = globalThis`). In a sandbox with its own globals, as in each test file of Jest, `fetch` is that of
 * the sandbox.
 *
 * Other libraries may patch the same members before or after it, and end in any order: MSW, nock, undici's MockAgent,
 * happy-dom, jsdom. While the double is active, its patch is always the outermost, so requests to its hosts reach it
 * first; the patches of others get all other requests. After the last `close()` each member has the patches of others,
 * and the original once these have ended too. Only an assignment through `Object.defineProperty` replaces the patch.
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
