import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InvalidOptionError, StoreUnavailableError } from '@context-store/core'
import { errorAnswer } from './answer.ts'
import { AnswerQueue, type Send, sendAnswer } from './answer-queue.ts'
import { NodeRequest } from './node-request.ts'
import type { Service } from './service.ts'
import { Turns } from './turns.ts'

const noHost = Promise.resolve(errorAnswer(400, 'send the header host'))
const noTarget = Promise.resolve(errorAnswer(400, 'the request target or the header host is invalid'))

/** An answered request, without headers and query, and so without API keys. */
export interface ServedRequest {
  /** The method. */
  readonly method: string
  /** The path as it was sent. */
  readonly path: string
  /** The status of the answer. */
  readonly status: number
  /** The time from the arrival of the request's headers to the answer. */
  readonly milliseconds: number
}

/** Creates Node's server of a service, for `serve` and the test double. It does not listen yet. */
export function serverOf(
  service: Service,
  requestTimeoutMs: number,
  onRequest?: (request: ServedRequest) => unknown,
  sending: Send = sendAnswer,
): Server {
  const turns = new Turns()
  const answers = new AnswerQueue(sending)
  const listener = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const startedAt = onRequest && performance.now()
    const target = incoming.url ?? ''
    const answer = await turns.take(incoming.socket, () => {
      // RFC 9112, 3.2: an HTTP/1.1 request without a host is a 400. Node's own 400 has no body.
      const { host } = incoming.headers
      if (host === undefined && incoming.httpVersion === '1.1') return noHost
      if (!isTarget(target) || !isHost(host ?? '')) return noTarget
      return service(new NodeRequest(incoming), target)
    })
    answers.send(answer, outgoing)
    if (onRequest === undefined || startedAt === undefined) return
    const [path = ''] = target.split('?', 1)
    const milliseconds = performance.now() - startedAt
    // An error of the log function is shown to its author, and must not end the process.
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
      // How often Node looks for requests that have timed out; by default every 30 seconds. It must be before the
      // connection's own timeout below, which would end it without an answer.
      connectionsCheckingInterval: Math.min(1_000, Math.ceil(requestTimeoutMs / 4)),
      requireHostHeader: false,
    },
    listener,
  )
  // Ends the connection of a client that does not read its answer.
  server.setTimeout(2 * requestTimeoutMs)
  // Unknown expectations may be ignored (RFC 9110, 10.1.1). Node's own 417 has no body.
  server.on('checkExpectation', (incoming, outgoing) => server.emit('request', incoming, outgoing))
  return server
}

/** Whether a request target is valid: a path, or a whole URL (RFC 9112, 3.2.1 and 3.2.2). */
function isTarget(target: string): boolean {
  return target.startsWith('/') ? !target.includes('\\') : URL.canParse(target)
}

/** Whether a host is valid (RFC 9112, 3.2). The pattern is the fast path for most hosts. */
function isHost(host: string): boolean {
  return /^[\w.-]*(?::\d{1,5})?$/.test(host) || URL.canParse(`http://${host}/`)
}

/** Throws if a port or a host is invalid. */
export function checkListening(port: number, host: string): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidOptionError('port: must be a whole number from 0 to 65535')
  }
  if (typeof host !== 'string' || host === '') {
    throw new InvalidOptionError('host: must be a host name or an address')
  }
}

/** Opens a port; a `StoreUnavailableError` if it is in use or cannot be opened. */
export function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? 'is in use: choose another port, or 0 for a free one'
          : `cannot be opened (${error.code ?? error.message})`
      reject(new StoreUnavailableError(`port ${port} of ${host} ${reason}`, { cause: error }))
    })
    server.listen(port, host, resolve)
  })
}

/** A URL that works on this machine, whatever address the server listens on. */
export function urlOf(host: string, address: AddressInfo | string | null): string {
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`
}
