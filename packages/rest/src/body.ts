import type { JsonValue } from '@context-store/core'
import { Refusal } from './refusal.ts'

/**
 * The longest body that is read, in bytes: a session is at most 800,000 UTF-16 units of JSON, and a client may
 * write each of them as `\u0000`, in six bytes.
 */
export const maxBodyBytes: number = 6 * 800_000

/** A JSON object as it came, its values unchecked but for being JSON. */
export type JsonObject = { readonly [name: string]: JsonValue }

/** Reads a body no further than {@link maxBodyBytes}: 413 past that, and 415 where it does not say it is JSON. */
export async function readBody(request: Request): Promise<Uint8Array> {
  const stated = statedLength(request)
  if (stated !== undefined && stated > maxBodyBytes) throw tooLong()
  if (stated === undefined) {
    const bytes = await readStream(request)
    checkType(request)
    return bytes
  }
  checkType(request)
  try {
    // Read whole, which an adapter does without a stream in between: the transport ends it where it was stated to.
    return new Uint8Array(await request.arrayBuffer())
  } catch {
    throw cutOff()
  }
}

/** The JSON in a body; 400 where there is none. */
export function parseJson(bytes: Uint8Array): JsonValue {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Refusal(400, 'the body is not UTF-8')
  }
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    // The engine's message quotes the body, which is nobody's business but the client's.
    throw new Refusal(400, 'the body is not JSON')
  }
}

/** A body that has to be an object; 400 where it is none. */
export function asObject(value: JsonValue): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'the body has to be a JSON object')
  }
  return value
}

function statedLength(request: Request): number | undefined {
  const length = request.headers.get('content-length')
  return length === null || request.headers.has('transfer-encoding') ? undefined : Number(length)
}

function checkType(request: Request): void {
  const type = request.headers.get('content-type') ?? ''
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json') {
    throw new Refusal(415, 'send the header content-type: application/json')
  }
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') {
    throw new Refusal(415, 'send the body as it is, without the header content-encoding')
  }
}

async function readStream(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = request.body?.getReader()
  if (reader === undefined) return new Uint8Array()
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw cutOff()
    })
    if (done) return joined(chunks, length)
    length += value.length
    if (length > maxBodyBytes) {
      // Nobody waits for the client to notice.
      reader.cancel().catch(() => undefined)
      throw tooLong()
    }
    chunks.push(value)
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function tooLong(): Refusal {
  return new Refusal(413, `the body is longer than ${maxBodyBytes} bytes`)
}

function cutOff(): Refusal {
  return new Refusal(400, 'the body did not arrive whole')
}
