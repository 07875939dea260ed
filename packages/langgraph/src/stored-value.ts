import { CorruptDataError, type JsonValue } from '@context-store/core'
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { decoded, encoded } from './encoding.ts'
import type { Life, Thread } from './thread.ts'

/** What is longer is kept in sessions of its own, in parts: a session has room for 800,000 characters of JSON. */
const longestInline = 20_000
/** What is kept inline where a session is almost full: about as long as what says where a value is. */
export const shortestInline = 100
/** How much of the values of one checkpoint is kept inline, so that its session has room for the writes. */
const longestInlineOfAll = 100_000
/** A part's most characters; as JSON each may become six. */
const partLength = 120_000

/** A value in a property: the serializer's type, the encoding of its bytes, and the text, or where its parts are. */
export type StoredValue = [type: string, encoding: 'text' | 'base64', text: string | Parts]

type Parts = { id: string; count: number }

/** The longest value to keep inline in a session that is to hold so many. */
export function inlineLengthOf(values: number): number {
  return Math.max(shortestInline, Math.min(longestInline, Math.floor(longestInlineOfAll / values)))
}

/** Serializes a value; of a long one the parts are written, and what is returned says where. */
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

/** Whether a value is in its property, and longer than `length`. */
export function isInlineAbove([, , text]: StoredValue, length: number): boolean {
  return typeof text === 'string' && text.length > length
}

/** Writes an inline value as parts instead. */
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

/** Reads a value back, with exactly the bytes that the serializer gave. */
export async function loadValue(
  stored: JsonValue | undefined,
  serde: SerializerProtocol,
  thread: Thread,
): Promise<unknown> {
  if (!isStoredValue(stored)) throw new CorruptDataError('checkpoint: holds a value that is no stored value')
  const [type, encoding, text] = stored
  const whole = typeof text === 'string' ? text : await joined(text, thread)
  return serde.loadsTyped(type, decoded(encoding, whole))
}

/** Removes the parts of a value that is not wanted after all. */
export async function discardValue([, , text]: StoredValue, thread: Thread): Promise<void> {
  if (typeof text === 'string') return
  await Promise.all(Array.from({ length: text.count }, (_, index) => thread.clearPart(text.id, index)))
}

async function joined({ id, count }: Parts, thread: Thread): Promise<string> {
  const parts = await Promise.all(Array.from({ length: count }, (_, index) => thread.readPart(id, index)))
  return parts.join('')
}

/** Cuts a text into parts for sessions of their own, never within a pair of surrogates: half of one is no Unicode. */
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
