import { InvalidOptionError } from '@context-store/core'
import {
  type ContextServiceDouble,
  DoubleCore,
  type DoubleOptions,
  doubleOf,
} from './context-service-double.ts'
import { intercept } from './interception.ts'

/** The hosts of the service (WIRE.md, "Base"). */
const realHosts = ['z1', 'z2', 'z3'].map((zone) => `${zone}.context.liveperson.net`)

/**
 * Puts the double in the place of the real hosts, in this process: requests to them by `fetch`, `node:http`,
 * `node:https` and what stands on these are answered without a network; those to any other host go their way. It
 * is in place when this returns, and gone after `close()`. Of several doubles for a host the latest answers. A
 * function that a module took out of `node:https` by name (`import { request }`) before is not reached; the module's
 * object (`import https`) is.
 *
 * @throws `InvalidOptionError` for an option that cannot be; for a `state`, the store's own errors
 * @example
 * ```ts
 * const service = interceptContextService()
 * await handler({ conversation: 'c1' }) // calls https://z1.context.liveperson.net/…
 * expect(service.snapshot()).toEqual({ '577089': { orders: { c1: { step: 2 } } } })
 * ```
 */
export function interceptContextService(options: DoubleOptions = {}): ContextServiceDouble {
  const { hosts = realHosts } = options
  if (
    !Array.isArray(hosts) ||
    hosts.length === 0 ||
    !hosts.every((host) => typeof host === 'string' && host !== '')
  ) {
    throw new InvalidOptionError('hosts: names of hosts, at least one')
  }
  const core = new DoubleCore(options)
  const end = intercept({ hosts: [...hosts], answer: (request) => core.handle(request) })
  return doubleOf(core, `https://${hosts[0]}`, async () => end())
}
