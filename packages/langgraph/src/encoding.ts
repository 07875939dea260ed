import { Buffer } from 'node:buffer'
import type { JsonValue } from '@context-store/core'

/** Bytes as a text that JSON can hold: the text whose UTF-8 they are, byte by byte, or else their base64. */
export function encoded(bytes: Uint8Array): [encoding: 'text' | 'base64', text: string] {
  try {
    return ['text', new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)]
  } catch {
    return ['base64', Buffer.from(bytes).toString('base64')]
  }
}

/** What a serializer is given back: the text itself, or the bytes. */
export function decoded(encoding: JsonValue | undefined, text: string): string | Uint8Array {
  return encoding === 'base64' ? new Uint8Array(Buffer.from(text, 'base64')) : new TextEncoder().encode(text)
}
