import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type ContextServiceDouble,
  DoubleCore,
  type DoubleOptions,
  doubleOf,
} from './context-service-double.ts'

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
  const server = createServer((incoming, outgoing) => {
    answer(core, incoming, outgoing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return doubleOf(core, `http://127.0.0.1:${port}`, async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    server.closeAllConnections()
    await closed
  })
}

async function answer(core: DoubleCore, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const target = incoming.url ?? '/'
  const { response, isHalf } = await core.respond(await requestOf(incoming, target), target)
  if (response === undefined) {
    incoming.socket.resetAndDestroy()
    return
  }
  const body = Buffer.from(await response.arrayBuffer())
  const length = response.body === null ? {} : { 'content-length': body.length }
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), ...length })
  if (isHalf) outgoing.write(body.subarray(0, body.length >> 1), () => incoming.socket.destroy())
  else outgoing.end(body)
}

async function requestOf(incoming: IncomingMessage, target: string): Promise<Request> {
  const headers = new Headers()
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '')
  }
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const hasBody = chunks.length > 0 && incoming.method !== 'GET' && incoming.method !== 'HEAD'
  return new Request(new URL(target, 'http://127.0.0.1'), {
    method: incoming.method ?? 'GET',
    headers,
    ...(hasBody && { body: Buffer.concat(chunks) }),
  })
}
