import type { IncomingMessage } from 'node:http'
import { joined, type ServiceRequest } from './service-request.ts'

/** A request of Node's server, read without a web stream in between. */
export class NodeRequest implements ServiceRequest {
  readonly #incoming: IncomingMessage

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming
  }

  get method(): string {
    return this.#incoming.method ?? ''
  }

  header(name: string): string | undefined {
    const value = this.#incoming.headers[name]
    return typeof value === 'object' ? value.join(', ') : value
  }

  headers(): Iterable<readonly [name: string, value: string]> {
    return Object.keys(this.#incoming.headers).map((name) => [name, this.header(name) ?? ''])
  }

  bytes(most: number): Promise<Uint8Array | undefined> {
    const incoming = this.#incoming
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = []
      let length = 0
      const hear = (chunk: Uint8Array): void => {
        length += chunk.length
        chunks.push(chunk)
        if (length <= most) return
        incoming.off('data', hear).pause()
        resolve(undefined)
      }
      incoming.on('data', hear)
      incoming.once('end', () => resolve(joined(chunks, length)))
      incoming.once('error', reject)
      // The client left in the middle of its request.
      incoming.once('close', () => {
        if (!incoming.readableEnded) reject(new Error('the connection ended'))
      })
    })
  }
}
