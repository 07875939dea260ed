import {
  type ContextServiceDouble,
  checkedDoubleOptions,
  DoubleCore,
  type DoubleOptions,
  doubleOf,
} from './context-service-double.ts'
import { checkedHosts, realHosts } from './hosts.ts'
import { intercept } from './interception.ts'

/**
 * Replaces the real hosts by the double within this process: requests to them through `fetch`, `node:http`,
 * `node:https` and libraries on top of these are answered without a network, requests to any other host are left
 * alone. It is in place when this returns, and removed by `close()`. If several doubles have the same host, the latest
 * answers. It does not reach a function that a module imported from `node:https` by name before
 * (`import { request }`), only the module's object (`import https`).
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
  const checked = checkedDoubleOptions(options, 'interceptContextService')
  const { hosts: stated = realHosts } = checked
  const hosts = checkedHosts(stated)
  const core = new DoubleCore(checked)
  const end = intercept({ hosts, answer: (request) => core.handle(request) })
  return doubleOf(core, `https://${hosts[0]}`, async () => end())
}
