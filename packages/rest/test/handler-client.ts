import type { ContextStore } from '@context-store/core'
import { createHandler, type HandlerOptions } from '@context-store/rest'
import { expect } from 'vitest'

export interface Sent {
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
}

export interface Got {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export type Send = (method: string, path: string, sent?: Sent) => Promise<Got>

/** Sends requests with an API key, a token and a content-type, as the vendor's client does, and reads the answers. */
export function handlerClient(store: ContextStore, options: HandlerOptions = {}): Send {
  const handle = createHandler(store, options)
  const usual = {
    'maven-api-key': 'any',
    authorization: 'Bearer any',
    'content-type': 'application/json',
    'x-request-id': '1',
  }
  return async (method, path, { body, headers = usual } = {}) => {
    const init: RequestInit = { method, headers, ...(body !== undefined && { body }) }
    const answer = await handle(new Request('http://host/', init), path)
    const text = await answer.text()
    const type = answer.headers.get('content-type')
    const isText = type === 'text/plain; charset=utf-8'
    const hasBody = text !== '' || isText
    // HEAD has the headers of GET.
    if (!isText) expect(type).toBe(hasBody || method === 'HEAD' ? 'application/json' : null)
    const read: unknown = isText ? text : hasBody ? JSON.parse(text) : undefined
    if (answer.status >= 400 && method !== 'HEAD') expect(read).toEqual({ message: expect.any(String) })
    return { status: answer.status, body: read, headers: answer.headers }
  }
}
