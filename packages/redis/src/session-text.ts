import {
  CorruptDataError,
  type JsonValue,
  type Properties,
  readDocument,
  type SessionLife,
  setOwn,
} from '@context-store/core'
import { headLength } from './session-layout.ts'

const headForm = /^\d{10} \d{9} ([\d-]\d{16}) ([\d-]{17}) (\d{11})([on])$/

const never = '-'.repeat(17)

/** From so many names on, to read the whole session is cheaper than to search for each. */
const manyNames = 8

/** The generation of the namespace that a session, or a namespace's record, is of. */
export function generationOf(text: string): string {
  return text.slice(0, 10)
}

/** The life of a session, out of its head. */
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

/** Every property of a session. */
export function propertiesOf(text: string): Properties {
  if (text.charCodeAt(headLength) !== 123) throw damaged()
  // Without its last comma, and closed, it is JSON, of which the last of two members of one name counts.
  return text.length === headLength + 1 ? {} : readDocument(`${text.slice(headLength, -1)}}`)
}

/** One property of a session; `undefined`: there is none. */
export function propertyOf(text: string, name: string): JsonValue | undefined {
  const head = `\n${JSON.stringify(name)}:`
  const at = text.lastIndexOf(head)
  if (at === -1) return undefined
  const next = text.indexOf('\n', at + 1)
  return jsonOf(text.slice(at + head.length, next === -1 ? -1 : next - 1))
}

/** Those of the names that a session has. */
export function someOf(text: string, names: readonly string[]): Properties {
  const all = names.length < manyNames ? undefined : propertiesOf(text)
  const some: Properties = {}
  for (const name of names) {
    const value =
      all === undefined ? propertyOf(text, name) : Object.hasOwn(all, name) ? all[name] : undefined
    if (value !== undefined) setOwn(some, name, value)
  }
  return some
}

/** The value that a JSON text says. */
export function jsonOf(text: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged(cause)
  }
}

function damaged(cause?: unknown): CorruptDataError {
  return new CorruptDataError('a stored session is damaged; it has been left as it is', { cause })
}
