import type { ContextStore, JsonValue } from '@context-store/core'
import { traitsOf } from '@context-store/core/adapter'
import { Refusal } from './refusal.ts'
import type { ServiceRequest } from './service-request.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The longest body that is read, in bytes, for a store with the default limits: a session is at most 800,000 UTF-16
 * units of JSON, and a client may write each of them as `\u0000`, in six bytes. It follows the store's
 * `limits.documentLength`, but is never less than 65,536: a request may have long ids and little else.
 */
export const maxBodyBytes: number = boundOf(800_000)

/** {@link maxBodyBytes} for a store. */
export function maxBodyBytesOf(store: ContextStore): number {
  return boundOf(traitsOf(store).documentLength)
}

function boundOf(documentLength: number): number {
  return Math.max(6 * documentLength, 65_536)
}

/** A JSON object as it came, its values unchecked but for being JSON. */
export type JsonObject = { readonly [name: string]: JsonValue }

/** Reads a body no further than `most` bytes: 413 past that, and 415 where it does not say it is JSON. */
export async function readBody(request: ServiceRequest, most: number): Promise<Uint8Array> {
  const stated = statedLength(request)
  if (stated !== undefined && stated > most) throw tooLong(most)
  // One that states no length is read first: of the two refusals the one for its length comes first.
  if (stated !== undefined) checkType(request)
  const bytes = await request.bytes(most).catch(() => {
    throw new Refusal(400, 'the body did not arrive whole')
  })
  if (bytes === undefined) throw tooLong(most)
  if (stated === undefined) checkType(request)
  return bytes
}

/** The JSON in a body; 400 where there is none. */
export function parseJson(bytes: Uint8Array): JsonValue {
  let text: string
  try {
    text = utf8.decode(bytes)
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

function statedLength(request: ServiceRequest): number | undefined {
  const length = request.header('content-length')
  return length === undefined || request.header('transfer-encoding') !== undefined
    ? undefined
    : Number(length)
}

function checkType(request: ServiceRequest): void {
  const type = request.header('content-type') ?? ''
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json') {
    throw new Refusal(415, 'send the header content-type: application/json')
  }
  const encoding = request.header('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') {
    throw new Refusal(415, 'send the body as it is, without the header content-encoding')
  }
}

function tooLong(most: number): Refusal {
  return new Refusal(413, `the body is longer than ${most} bytes`)
}
