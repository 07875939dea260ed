import { type ContextStore, InvalidOptionError } from '@context-store/core'
import { checkedOptions } from '@context-store/core/adapter'
import { checkStore, isStore } from './check-store.ts'
import { Connections } from './connections.ts'
import { frontPage } from './front-page.ts'
import { type HandlerOptions, handlerOptionNames } from './handler-options.ts'
import { checkListening, listening, type ServedRequest, serverOf, urlOf } from './node-server.ts'
import { createService } from './service.ts'

export type { ServedRequest } from './node-server.ts'

/** The options of {@link serve}. */
export interface ServeOptions extends HandlerOptions {
  /** The store to serve; `close()` does not close it. */
  readonly store: ContextStore
  /** The port. Default: 0, which picks a free one. */
  readonly port?: number | undefined
  /** The address to listen on. Default: `127.0.0.1`, which only this machine can reach. */
  readonly host?: string | undefined
  /** How long a request may take to arrive, in milliseconds: 1 or more, default 30,000. A slower one is a 408. */
  readonly requestTimeoutMs?: number | undefined
  /**
   * Called after each answer, for a log, but not for a request that Node itself refuses. If it throws or rejects, the
   * error is logged with `console.error`, and the server goes on.
   */
  readonly onRequest?: ((request: ServedRequest) => void) | undefined
}

const serveOptionNames = [...handlerOptionNames, 'store', 'port', 'host', 'requestTimeoutMs', 'onRequest']

/** A running server. */
export interface ContextServer {
  /** Its URL, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /**
   * Stops accepting connections, closes idle ones, and waits up to 5 seconds for the requests being served. The store
   * stays open. Can be called more than once.
   */
  close(): Promise<void>
}

/**
 * Serves a store on Node, over HTTP/1.1, until the server is closed. `/` is a page for people, with the first calls to
 * make.
 *
 * @throws `StoreUnavailableError` if the port is in use or cannot be opened
 * @throws `InvalidOptionError` for a missing store, an unknown option or an invalid value of one
 * @example
 * ```ts
 * const server = await serve({ store: memoryStore() })
 * const response = await fetch(`${server.url}/v1/account/577089`, { headers: { 'maven-api-key': 'any' } })
 * ```
 */
export async function serve(options: ServeOptions): Promise<ContextServer> {
  if (isStore(options)) throw new InvalidOptionError('serve: pass the store as an option: serve({ store })')
  const {
    store,
    port = 0,
    host = '127.0.0.1',
    requestTimeoutMs = 30_000,
    onRequest,
    ...handlerOptions
  } = checkedOptions<Partial<ServeOptions>>(options, serveOptionNames, 'serve')
  checkStore(store, 'serve')
  checkListening(port, host)
  if (!Number.isInteger(requestTimeoutMs) || requestTimeoutMs < 1) {
    throw new InvalidOptionError('requestTimeoutMs: must be a whole number, 1 or more')
  }
  if (onRequest !== undefined && typeof onRequest !== 'function') {
    throw new InvalidOptionError('onRequest: must be a function')
  }
  const server = serverOf(createService(store, handlerOptions, frontPage), requestTimeoutMs, onRequest)
  const connections = new Connections(server)
  await listening(server, port, host)
  return { url: urlOf(host, server.address()), close: () => connections.close() }
}
