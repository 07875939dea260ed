import type { ServerResponse } from 'node:http'
import { InvalidOptionError } from '@context-store/core'
import { sendAnswer } from '../answer-queue.ts'
import { Connections } from '../connections.ts'
import { checkListening, listening, serverOf, urlOf } from '../node-server.ts'
import type { ContextServiceDouble, DoubleOptions } from './context-service-double.ts'
import { controlOf, isControl } from './control.ts'
import { checkedDoubleOptions, DoubleCore, doubleOf } from './double-core.ts'
import { mostDelayMs, type Outcome } from './faults.ts'

/** The options of a double on a port. */
export interface StartOptions extends DoubleOptions {
  /** The port, 0 to 65,535. Default: 0, which picks a free one. */
  readonly port?: number | undefined
  /** The address to listen on. Default: `127.0.0.1`, which only this machine can reach. */
  readonly host?: string | undefined
  /**
   * Whether programs in other languages can control it over HTTP, below `/control/` (docs/rest-contract.md, "Control").
   * Default: no. With it, anyone who can reach the port can read and replace all data, without an API key.
   */
  readonly control?: boolean | undefined
}

/**
 * Starts a double on a port, with the same server as `serve`.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one; the store's own errors for a `state`
 * @example
 * ```ts
 * const service = await startContextService({ state: { '577089': { orders: { c1: { step: 1 } } } } })
 * process.env.CONTEXT_URL = service.url
 * ```
 */
export async function startContextService(options?: StartOptions): Promise<ContextServiceDouble> {
  const {
    port = 0,
    host = '127.0.0.1',
    control = false,
    ...others
  } = checkedDoubleOptions(options, 'startContextService', undefined, ['port', 'host', 'control'])
  checkListening(port, host)
  if (typeof control !== 'boolean') throw new InvalidOptionError('control: must be true or false')
  const core = new DoubleCore(others)
  const controlling = control ? controlOf(core, others.cors) : undefined
  // A connection may be idle for twice this time, so that no delay ends it.
  const server = serverOf(
    (request, target) =>
      controlling !== undefined && isControl(target)
        ? controlling(request, target)
        : core.respond(request, target),
    mostDelayMs,
    undefined,
    sendOutcome,
  )
  const connections = new Connections(server)
  await listening(server, port, host)
  return doubleOf(core, urlOf(host, server.address()), () => {
    // Pending requests belong to a test that has ended.
    server.closeAllConnections()
    return connections.close()
  })
}

function sendOutcome(outcome: Outcome, outgoing: ServerResponse): void {
  const { status, headers, body = '', breaks } = outcome
  const { socket } = outgoing.req
  if (breaks === undefined) sendAnswer(outcome, outgoing)
  else if (breaks === 'before') socket.resetAndDestroy()
  else if (!outgoing.destroyed && !outgoing.headersSent) {
    const bytes = Buffer.from(body)
    outgoing.writeHead(status, { ...headers, 'content-length': bytes.length })
    outgoing.write(bytes.subarray(0, bytes.length >> 1), () => socket.destroy())
  }
}
