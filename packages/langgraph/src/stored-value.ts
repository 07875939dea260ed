import { CorruptDataError, type JsonValue } from '@context-store/core'
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { decoded, encoded } from './encoding.ts'
import type { Life, Thread } from './thread.ts'

/** A longer value is stored in parts, in other sessions: a session has room for 800,000 characters of JSON. */
const longestInline = 20_000
/** The longest inline value in a session that is almost full: about as long as a reference to the parts of a value. */
export const shortestInline = 100
/** The total length of one checkpoint's inline values, so that its session has room for the writes. */
const longestInlineOfAll = 100_000
/** The maximum length of a part; in JSON, each character may become six. */
const partLength = 120_000

/** A value in a property: the serializer's type, the encoding of the bytes, and the text, or a reference to its parts. */
export type StoredValue = [type: string, encoding: 'text' | 'base64', text: string | Parts]

type Parts = { id: string; count: number }

/** The longest value to keep inline in a session that has to hold `values` values. */
export function inlineLengthOf(values: number): number {
  return Math.max(shortestInline, Math.min(longestInline, Math.floor(longestInlineOfAll / values)))
}

/** Serializes a value. The parts of a long value are written, and the result refers to them. */
export async function storeValue(
  value: unknown,
  serde: SerializerProtocol,
  thread: Thread,
  life: Life,
  inlineLength: number = longestInline,
): Promise<StoredValue> {
  const [type, bytes] = await serde.dumpsTyped(value)
  const [encoding, text] = encoded(bytes)
  const stored: StoredValue = [type, encoding, text]
  return isInlineAbove(stored, inlineLength) ? moveOut(stored, thread, life) : stored
}

/** Whether a value is inline and longer than `length`. */
export function isInlineAbove([, , text]: StoredValue, length: number): boolean {
  return typeof text === 'string' && text.length > length
}

/** Writes an inline value as parts; returns the value that refers to them. */
export async function moveOut(
  [type, encoding, text]: StoredValue,
  thread: Thread,
  life: Life,
): Promise<StoredValue> {
  const parts = typeof text === 'string' ? inParts(text) : []
  const id = crypto.randomUUID()
  await Promise.all(parts.map((part, index) => thread.writePart(id, index, part, life)))
  return [type, encoding, { id, count: parts.length }]
}

/** Reads a value, with exactly the bytes that the serializer produced. */
export async function loadValue(
  stored: JsonValue | undefined,
  serde: SerializerProtocol,
  thread: Thread,
): Promise<unknown> {
  if (!isStoredValue(stored))
    throw new CorruptDataError('checkpoint: it has a value that this bridge did not write')
  const [type, encoding, text] = stored
  const whole = typeof text === 'string' ? text : await joined(text, thread)
  return serde.loadsTyped(type, decoded(encoding, whole))
}

/** Removes the parts of a value that is not needed after all. */
export async function discardValue([, , text]: StoredValue, thread: Thread): Promise<void> {
  if (typeof text === 'string') return
  await Promise.all(Array.from({ length: text.count }, (_, index) => thread.clearPart(text.id, index)))
}

async function joined({ id, count }: Parts, thread: Thread): Promise<string> {
  const parts = await Promise.all(Array.from({ length: count }, (_, index) => thread.readPart(id, index)))
  return parts.join('')
}

/** Splits a text into parts, never within a surrogate pair: a lone surrogate cannot be stored. */
export function inParts(text: string): string[] {
  const parts: string[] = []
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + partLength)
    if (end < text.length && !text.slice(start, end).isWellFormed()) end--
    parts.push(text.slice(start, end))
    start = end
  }
  return parts
}

function isStoredValue(stored: JsonValue | undefined): stored is StoredValue {
  return Array.isArray(stored) && stored.length === 3 && typeof stored[0] === 'string'
}
