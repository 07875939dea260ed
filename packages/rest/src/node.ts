import { type ContextStore, InvalidOptionError } from '@context-store/core'
import { Connections } from './connections.ts'
import type { HandlerOptions } from './handler-options.ts'
import { listening, type ServedRequest, serverOf, urlOf } from './node-server.ts'
import { createService } from './service.ts'

export type { ServedRequest } from './node-server.ts'

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
