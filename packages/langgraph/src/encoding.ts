import { Buffer } from 'node:buffer'
import type { JsonValue } from '@context-store/core'

/** Converts bytes to a string for JSON: the text, if the bytes are valid UTF-8, otherwise base64. */
export function encoded(bytes: Uint8Array): [encoding: 'text' | 'base64', text: string] {
  try {
    return ['text', new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)]
  } catch {
    return ['base64', Buffer.from(bytes).toString('base64')]
  }
}

/** Converts a stored string back to the bytes. */
export function decoded(encoding: JsonValue | undefined, text: string): string | Uint8Array {
  return encoding === 'base64' ? new Uint8Array(Buffer.from(text, 'base64')) : new TextEncoder().encode(text)
}
