import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Connections } from '../connections.ts'
import { NodeRequest } from '../node-request.ts'
import { Turns } from '../turns.ts'
import {
  type ContextServiceDouble,
  DoubleCore,
  type DoubleOptions,
  doubleOf,
} from './context-service-double.ts'
import type { Outcome } from './faults.ts'

/**
 * Starts the double on a free port of 127.0.0.1.
 *
 * @throws `InvalidOptionError` for an option that cannot be; for a `state`, the store's own errors
 * @example
 * ```ts
 * const service = await startContextService({ state: { '577089': { orders: { c1: { step: 1 } } } } })
 * process.env.CONTEXT_URL = service.url
 * ```
 */
export async function startContextService(options: DoubleOptions = {}): Promise<ContextServiceDouble> {
  const core = new DoubleCore(options)
  const turns = new Turns()
  const server = createServer(async (incoming, outgoing) => {
    const target = incoming.url ?? ''
    const outcome = await turns.take(incoming.socket, () =>
      core.respond(new NodeRequest(incoming), target, headersOf(incoming)),
    )
    send(outcome, outgoing)
  })
  const connections = new Connections(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return doubleOf(core, `http://127.0.0.1:${port}`, () => {
    // What is still under way is of a test that is over.
    server.closeAllConnections()
    return connections.close()
  })
}

function headersOf({ headers }: IncomingMessage): [string, string][] {
  return Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === 'object' ? value.join(', ') : (value ?? ''),
  ])
}

function send({ answer, isHalf }: Outcome, outgoing: ServerResponse): void {
  const { socket } = outgoing.req
  if (answer === undefined) {
    socket.resetAndDestroy()
    return
  }
  if (outgoing.destroyed) return
  const { status, headers, body } = answer
  if (body === undefined) {
    outgoing.writeHead(status, headers).end()
    return
  }
  const bytes = Buffer.from(body)
  outgoing.writeHead(status, { ...headers, 'content-length': bytes.length })
  if (isHalf) outgoing.write(bytes.subarray(0, bytes.length >> 1), () => socket.destroy())
  else outgoing.end(bytes)
}
