import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InvalidOptionError, StoreUnavailableError } from '@context-store/core'
import { errorAnswer } from './answer.ts'
import { AnswerQueue, type Send, sendAnswer } from './answer-queue.ts'
import { NodeRequest } from './node-request.ts'
import type { Service } from './service.ts'
import { Turns } from './turns.ts'

const noHost = Promise.resolve(errorAnswer(400, 'send the header host'))
const noTarget = Promise.resolve(errorAnswer(400, 'this is not a request target'))

/** A request that was answered. It bears no key: neither headers nor the query. */
export interface ServedRequest {
  /** The method. */
  readonly method: string
  /** The path as it was sent. */
  readonly path: string
  /** The status of the answer. */
  readonly status: number
  /** How long the answer took, from the request's headers on. */
  readonly milliseconds: number
}

/** Node's server of a service, which does not listen yet; the double for tests stands on it as `serve` does. */
export function serverOf(
  service: Service,
  requestTimeoutMs: number,
  onRequest?: (request: ServedRequest) => unknown,
  sending: Send = sendAnswer,
): Server {
  const turns = new Turns()
  const answers = new AnswerQueue(sending)
  const listener = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const begun = onRequest && performance.now()
    const target = incoming.url ?? ''
    const answer = await turns.take(incoming.socket, () => {
      // RFC 9112, 3.2: a request of HTTP/1.1 without a host is a 400; Node's own has no body.
      const { host } = incoming.headers
      if (host === undefined && incoming.httpVersion === '1.1') return noHost
      if (!isTarget(target) || !isHost(host ?? '')) return noTarget
      return service(new NodeRequest(incoming), target)
    })
    answers.send(answer, outgoing)
    if (onRequest === undefined || begun === undefined) return
    const [path = ''] = target.split('?', 1)
    const milliseconds = performance.now() - begun
    // Whoever wrote the log function must see its error, and the process must go on serving.
    try {
      await onRequest({ method: incoming.method ?? '', path, status: answer.status, milliseconds })
    } catch (error) {
      console.error(error)
    }
  }
  const server = createServer(
    {
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // Node looks for requests past their time this often, every 30 seconds if not told: well before the
      // connection's own timeout below, which would end it without an answer.
      connectionsCheckingInterval: Math.min(1_000, Math.ceil(requestTimeoutMs / 4)),
      requireHostHeader: false,
    },
    listener,
  )
  // A client that does not read its answer holds a connection no longer than this.
  server.setTimeout(2 * requestTimeoutMs)
  // An expectation that Node does not know may be passed over (RFC 9110, 10.1.1); its own 417 has no body.
  server.on('checkExpectation', (incoming, outgoing) => server.emit('request', incoming, outgoing))
  return server
}

/** Whether a request target is one: a path, or a whole URL (RFC 9112, 3.2.1 and 3.2.2). */
function isTarget(target: string): boolean {
  return target.startsWith('/') ? !target.includes('\\') : URL.canParse(target)
}

/** Whether a host is one (RFC 9112, 3.2); most are seen to be at a look. */
function isHost(host: string): boolean {
  return /^[\w.-]*(?::\d{1,5})?$/.test(host) || URL.canParse(`http://${host}/`)
}

/** Refuses what is no port, or no address to listen on. */
export function checkListening(port: number, host: string): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidOptionError('port: must be a whole number from 0 to 65535')
  }
  if (typeof host !== 'string' || host === '') {
    throw new InvalidOptionError('host: must be a host name or an address')
  }
}

/** Opens a port; `StoreUnavailableError` where it is taken or may not be opened. */
export function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? 'is in use: take another port, or 0 for a free one'
          : `cannot be opened (${error.code ?? error.message})`
      reject(new StoreUnavailableError(`port ${port} of ${host} ${reason}`, { cause: error }))
    })
    server.listen(port, host, resolve)
  })
}

/** A URL that works from this machine, on whatever addresses the server listens. */
export function urlOf(host: string, address: AddressInfo | string | null): string {
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`
}
