import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long {@link Connections.close} waits for requests that are being served. */
const graceMs = 5_000
/** How long a connection with invalid HTTP stays open, so that the client can read why it was refused. */
const lingerMs = 500

/** The connections of a server, each with its unsent answers in the order of its requests. */
export class Connections {
  readonly #server: Server
  /** An entry is removed with its connection: Node emits nothing on a queued response when its connection breaks. */
  readonly #owed = new Map<Duplex, Set<ServerResponse>>()
  readonly #refused = new WeakSet<Duplex>()
  #closing: Promise<void> | undefined

  constructor(server: Server) {
    this.#server = server
    // Node calls this in close(), and treats a connection as idle whose answer has not been sent yet.
    server.closeIdleConnections = () => undefined
    server.on('connection', (socket: Socket) => {
      this.#owed.set(socket, new Set())
      socket.on('close', () => this.#owed.delete(socket))
    })
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const owed = this.#owed.get(incoming.socket)
      owed?.add(outgoing)
      outgoing.on('close', () => owed?.delete(outgoing))
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuse(error, socket))
  }

  /**
   * Stops accepting connections, ends those without a complete request, and waits for complete requests to be
   * answered; after {@link graceMs} it ends these too.
   */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs)
      this.#server.close(() => {
        clearTimeout(timer)
        resolve()
      })
      for (const [socket, owed] of this.#owed) {
        const last = [...owed].findLast(({ req }) => req.complete)
        if (last === undefined) {
          socket.destroy()
          continue
        }
        if (!last.headersSent) last.setHeader('connection', 'close')
        last.on('close', () => (socket as Socket).destroySoon())
      }
    })
    return this.#closing
  }

  /**
   * Refuses invalid HTTP, or a request that arrived too slowly, after the requests before it are answered (RFC 9112,
   * 9.3.2). A client that got only the refusal would think that its earlier write was not applied.
   */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (this.#refused.has(socket)) return
    this.#refused.add(socket)
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const [status, reason, message] = refusals[error.code ?? ''] ?? malformed
    const body = JSON.stringify({ message })
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      connection: 'close',
    }
    const last = [...(this.#owed.get(socket) ?? [])].at(-1)
    if (last !== undefined && !last.req.complete) {
      // An incomplete request has its own response object, which Node sends after those before it.
      if (last.headersSent) last.on('close', () => socket.destroy())
      else last.writeHead(status, headers).end(body)
      return
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const refuse = (): void => {
      if (!socket.writable) return
      socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n${body}`)
      socket.resume()
      const timer = setTimeout(() => socket.destroy(), lingerMs)
      timer.unref()
      socket.on('close', () => clearTimeout(timer))
    }
    if (last === undefined) refuse()
    else last.on('close', refuse)
  }
}

const malformed = [400, 'Bad Request', 'this is not an HTTP request'] as const
const refusals: { readonly [code: string]: readonly [number, string, string] } = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the headers are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request took too long to arrive'],
}
