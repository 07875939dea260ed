import type { ContextStore, JsonValue } from '@context-store/core'
import { traitsOf } from '@context-store/core/adapter'
import { Refusal } from './refusal.ts'
import type { ServiceRequest } from './service-request.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The longest body that is accepted, in bytes, for a store with the default limits: a session is at most 800,000 UTF-16
 * units of JSON, and a client may write each of them as `\u0000`, in six bytes. The limit depends on the store's
 * `limits.documentLength`, but is never less than 65,536 bytes, so that long ids fit.
 */
export const maxBodyBytes: number = boundOf(800_000)

/** The {@link maxBodyBytes} of a store. */
export function maxBodyBytesOf(store: ContextStore): number {
  return boundOf(traitsOf(store).documentLength)
}

function boundOf(documentLength: number): number {
  return Math.max(6 * documentLength, 65_536)
}

/** A JSON object from a request. Its values are not checked yet. */
export type JsonObject = { readonly [name: string]: JsonValue }

/** Reads a body of at most `most` bytes; a 413 if it is longer, a 415 if its headers do not say that it is JSON. */
export async function readBody(request: ServiceRequest, most: number): Promise<Uint8Array> {
  const stated = statedLength(request)
  if (stated !== undefined && stated > most) throw tooLong(most)
  // Without a stated length the body is read first: the check of the length comes before that of the type.
  if (stated !== undefined) checkType(request)
  const bytes = await request.bytes(most).catch(() => {
    throw new Refusal(400, 'the body did not arrive completely')
  })
  if (bytes === undefined) throw tooLong(most)
  if (stated === undefined) checkType(request)
  return bytes
}

/** Parses the JSON of a body; a 400 if it is invalid. */
export function parseJson(bytes: Uint8Array): JsonValue {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw new Refusal(400, 'the body is not valid UTF-8')
  }
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    // Not the engine's message, which quotes the body: the body may be confidential.
    throw new Refusal(400, 'the body is not valid JSON')
  }
}

/** Checks that a body is an object; a 400 otherwise. */
export function asObject(value: JsonValue): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'the body must be a JSON object')
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
    throw new Refusal(415, 'send the body uncompressed, without the header content-encoding')
  }
}

function tooLong(most: number): Refusal {
  return new Refusal(413, `the body is longer than ${most} bytes`)
}
