import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long {@link Connections.close} waits for requests that are being served. */
const graceMs = 5_000
/** How long a client that sent no HTTP may go on sending, so that it gets to read why it is refused. */
const lingerMs = 500

/** The connections of a server, and which of them are being served. */
export class Connections {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #served = new Map<ServerResponse, Socket>()
  readonly #refused = new WeakSet<Duplex>()
  #closing: Promise<void> | undefined

  constructor(server: Server) {
    this.#server = server
    // Node calls this from close(), and takes a connection for idle whose answer has not left it yet.
    server.closeIdleConnections = () => undefined
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      this.#served.set(outgoing, incoming.socket)
      outgoing.on('close', () => this.#served.delete(outgoing))
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuse(error, socket))
  }

  /**
   * Stops accepting, ends the connections on which no request has arrived whole, and waits for the requests that
   * have; after a grace those end too.
   */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs)
      this.#server.close(() => {
        clearTimeout(timer)
        resolve()
      })
      const lastOf = new Map<Socket, ServerResponse>()
      for (const [outgoing, socket] of this.#served) if (outgoing.req.complete) lastOf.set(socket, outgoing)
      for (const socket of this.#sockets) if (!lastOf.has(socket)) socket.destroy()
      for (const [socket, outgoing] of lastOf) {
        if (!outgoing.headersSent) outgoing.setHeader('connection', 'close')
        outgoing.on('close', () => socket.destroySoon())
      }
    })
    return this.#closing
  }

  /** Answers what was no HTTP, or came too slowly; nothing once an answer has begun. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (this.#refused.has(socket)) return
    this.#refused.add(socket)
    const begun = [...this.#served].some(([outgoing, served]) => served === socket && outgoing.headersSent)
    if (begun || !socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const [status, message] = refusals[error.code ?? ''] ?? malformed
    const body = JSON.stringify({ message })
    socket.end(
      `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    )
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    timer.unref()
    socket.on('close', () => clearTimeout(timer))
  }
}

const malformed = ['400 Bad Request', 'this is not an HTTP request'] as const
const refusals: { readonly [code: string]: readonly [string, string] } = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long to arrive'],
}
