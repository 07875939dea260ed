import { CorruptDataError, type JsonValue, type Properties } from '@context-store/core'
import { readDocument, type SessionLife, setOwn } from '@context-store/core/adapter'
import { generationLength, headLength, offsets } from './session-layout.ts'

const headForm = new RegExp(
  `^\\d{${generationLength}} \\d{9} ([\\d-]\\d{16}) ([\\d-]{17}) (\\d{11})([on]) \\d{6}$`,
)

const never = '-'.repeat(17)

/** From this many names on, reading the whole session is cheaper than searching for each name. */
const manyNames = 8

/** The generation of the namespace in a session's text, or in a namespace's record. */
export function generationOf(text: string): string {
  return text.slice(0, generationLength)
}

/** Whether a session has an expiry, or its head is damaged. */
export function expires(text: string): boolean {
  return !text.startsWith(never, offsets.endOfLife)
}

/** The life of a session, from its head. */
export function lifeOf(text: string): SessionLife {
  const [, created, expires, ttl, own] = headForm.exec(text.slice(0, headLength)) ?? []
  if (created === undefined) throw damaged()
  return {
    createdAt: Number(created),
    ttlSeconds: Number(ttl),
    ownTtl: own === 'o',
    expiresAt: expires === never ? undefined : Number(expires),
  }
}

/** The properties of a session as JSON; of several members with the same name, the last one counts. */
export function documentOf(text: string): string {
  // The closing brace replaces the last comma; a session without properties has no comma.
  const end = text.length === headLength + 1 ? undefined : -1
  return `${text.slice(headLength, end)}}`
}

/** One property of a session; `undefined` if it does not exist. */
export function propertyOf(text: string, name: string): JsonValue | undefined {
  const head = `\n${JSON.stringify(name)}:`
  const at = text.lastIndexOf(head)
  if (at === -1) return undefined
  const next = text.indexOf('\n', at + 1)
  return jsonOf(text.slice(at + head.length, next === -1 ? -1 : next - 1))
}

/** The properties of a session; with `names`, only those of them that exist. */
export function propertiesOf(text: string, names: readonly string[] | undefined): Properties {
  if (names === undefined) return readDocument(documentOf(text))
  if (names.length >= manyNames) return pick(readDocument(documentOf(text)), names)
  const some: Properties = {}
  for (const name of names) {
    const value = propertyOf(text, name)
    if (value !== undefined) setOwn(some, name, value)
  }
  return some
}

/** Those of the names that exist. */
export function pick(all: Properties, names: readonly string[]): Properties {
  const some: Properties = {}
  for (const name of names) {
    const value = Object.hasOwn(all, name) ? all[name] : undefined
    if (value !== undefined) setOwn(some, name, value)
  }
  return some
}

/** The value of a JSON text. */
export function jsonOf(text: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged(cause)
  }
}

function damaged(cause?: unknown): CorruptDataError {
  return new CorruptDataError('the stored session is damaged; it has been left as it is', { cause })
}
