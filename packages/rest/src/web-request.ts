import { joined, type ServiceRequest } from './service-request.ts'

/** A web `Request`, as the service reads it. */
export class WebRequest implements ServiceRequest {
  readonly #request: Request

  constructor(request: Request) {
    this.#request = request
  }

  get method(): string {
    return this.#request.method
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined
  }

  headers(): Iterable<readonly [name: string, value: string]> {
    return this.#request.headers
  }

  async bytes(most: number): Promise<Uint8Array | undefined> {
    const chunks: Uint8Array[] = []
    let length = 0
    const reader = this.#request.body?.getReader()
    if (reader === undefined) return new Uint8Array()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return joined(chunks, length)
      length += value.length
      if (length > most) {
        // Not awaited: it may take until the client notices.
        reader.cancel().catch(() => undefined)
        return undefined
      }
      chunks.push(value)
    }
  }
}
