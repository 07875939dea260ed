import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ContextStore, InvalidOptionError, StoreUnavailableError } from '@context-store/core'
import { errorAnswer } from './answer.ts'
import { AnswerQueue } from './answer-queue.ts'
import { Connections } from './connections.ts'
import type { HandlerOptions } from './handler.ts'
import { NodeRequest } from './node-request.ts'
import { createService, type Service } from './service.ts'
import { Turns } from './turns.ts'

const noHost = Promise.resolve(errorAnswer(400, 'send the header host'))
const noTarget = Promise.resolve(errorAnswer(400, 'this is not a request target'))

/** How {@link serve} serves. */
export interface ServeOptions extends HandlerOptions {
  /** The store that is served; it stays the caller's, and open. */
  readonly store: ContextStore
  /** The port; 0, the default, takes a free one. */
  readonly port?: number | undefined
  /** The address to listen on: `127.0.0.1` if none, so that only this machine gets in. */
  readonly host?: string | undefined
  /** Milliseconds that a request may take to arrive, 1 or more: 30,000 if none. After them it is a 408. */
  readonly requestTimeoutMs?: number | undefined
  /** Called after each answer, for a log; not for what Node itself refuses. It must not throw. */
  readonly onRequest?: ((request: ServedRequest) => void) | undefined
}

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

/** A server that is running. */
export interface ContextServer {
  /** Where it is, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /**
   * Stops accepting, ends idle connections and waits for the requests being served, 5 seconds at the most.
   * The store stays open. A second `close()` resolves.
   */
  close(): Promise<void>
}

/**
 * Serves a store on Node, over HTTP/1.1, until it is closed.
 *
 * @throws `StoreUnavailableError` where the port is taken or may not be opened
 * @throws `InvalidOptionError` for an option that cannot be
 * @example
 * ```ts
 * const server = await serve({ store: memoryStore() })
 * const response = await fetch(`${server.url}/v1/account/577089`, { headers: { 'maven-api-key': 'any' } })
 * ```
 */
export async function serve(options: ServeOptions): Promise<ContextServer> {
  const { store, port = 0, host = '127.0.0.1', requestTimeoutMs = 30_000, onRequest } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidOptionError('port: a whole number from 0 to 65535')
  }
  if (typeof host !== 'string' || host === '') throw new InvalidOptionError('host: a name or an address')
  if (!Number.isInteger(requestTimeoutMs) || requestTimeoutMs < 1) {
    throw new InvalidOptionError('requestTimeoutMs: a whole number from 1 on')
  }
  if (onRequest !== undefined && typeof onRequest !== 'function') {
    throw new InvalidOptionError('onRequest: a function')
  }
  const server = serverOf(createService(store, options), requestTimeoutMs, onRequest)
  const connections = new Connections(server)
  await listening(server, port, host)
  return { url: urlOf(host, server.address()), close: () => connections.close() }
}

function serverOf(service: Service, requestTimeoutMs: number, onRequest: ServeOptions['onRequest']): Server {
  const turns = new Turns()
  const answers = new AnswerQueue()
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
    onRequest({ method: incoming.method ?? '', path, status: answer.status, milliseconds })
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

function listening(server: Server, port: number, host: string): Promise<void> {
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
function urlOf(host: string, address: AddressInfo | string | null): string {
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`
}
