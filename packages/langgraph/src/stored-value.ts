import { CorruptDataError, type JsonValue } from '@context-store/core'
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { decoded, encoded } from './encoding.ts'
import type { Life, Thread } from './thread.ts'

/** What is longer is kept in sessions of its own, in parts: a session has room for 800,000 characters of JSON. */
const longestInline = 20_000
/** A part's most characters; as JSON each may become six. */
const partLength = 120_000

/** A value in a property: the serializer's type, the encoding of its bytes, and the text, or where its parts are. */
export type StoredValue = [type: string, encoding: 'text' | 'base64', text: string | Parts]

type Parts = { id: string; count: number }

/** Serializes a value; of a long one the parts are written, and what is returned says where. */
export async function storeValue(
  value: unknown,
  serde: SerializerProtocol,
  thread: Thread,
  life: Life,
): Promise<StoredValue> {
  const [type, bytes] = await serde.dumpsTyped(value)
  const [encoding, text] = encoded(bytes)
  if (text.length <= longestInline) return [type, encoding, text]
  const parts = inParts(text)
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

/** Cuts a text, never within a pair of surrogates: half of one is no Unicode. */
function inParts(text: string): string[] {
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
