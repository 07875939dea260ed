import type { ServerResponse } from 'node:http'
import { sendAnswer } from '../answer-queue.ts'
import { Connections } from '../connections.ts'
import { listening, serverOf, urlOf } from '../node-server.ts'
import type { ContextServiceDouble, DoubleOptions } from './context-service-double.ts'
import { checkedDoubleOptions, DoubleCore, doubleOf } from './double-core.ts'
import { mostDelayMs, type Outcome } from './faults.ts'

const host = '127.0.0.1'

/**
 * Starts the double on a free port of 127.0.0.1, served as `serve` serves a store.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one; the store's own errors for a `state`
 * @example
 * ```ts
 * const service = await startContextService({ state: { '577089': { orders: { c1: { step: 1 } } } } })
 * process.env.CONTEXT_URL = service.url
 * ```
 */
export async function startContextService(options?: DoubleOptions): Promise<ContextServiceDouble> {
  const core = new DoubleCore(checkedDoubleOptions(options, 'startContextService'))
  // A connection may be idle for twice the time that a request may take, so no delay ends it.
  const server = serverOf(
    (request, target) => core.respond(request, target),
    mostDelayMs,
    undefined,
    sendOutcome,
  )
  const connections = new Connections(server)
  await listening(server, 0, host)
  return doubleOf(core, urlOf(host, server.address()), () => {
    // Requests still under way belong to a test that is over.
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
