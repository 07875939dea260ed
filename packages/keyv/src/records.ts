import { CorruptDataError, type SessionAddress } from '@context-store/core'
import type { CheckedAddress, SessionLife } from '@context-store/core/adapter'

/*
 * Each value in the Keyv is one text, so that it survives any serialization and compression:
 *
 *   context-store <layout> <kind> <a JSON object>\n<a session's document>
 */

/** The layout that this version writes, and the only one that it reads. */
const layout = 1

/** A namespace from its creation to its deletion. */
export interface NamespaceGeneration {
  readonly account: string
  readonly name: string
  /** Never used twice: if the namespace is created again, it gets another one. */
  readonly generation: string
}

/** A namespace. */
export interface NamespaceRecord extends NamespaceGeneration {
  readonly createdAt: number
  readonly ttlSeconds: number
}

/** A session. */
export interface SessionRecord {
  /** The generation of the namespace in which it was created. */
  readonly generation: string
  readonly id: string
  readonly life: SessionLife
  /** The properties, as core writes them. */
  readonly document: string
}

/** A part of an index: names, or the digits of the non-empty ones of the sixteen parts below. */
export type IndexPart = { readonly names: readonly string[] } | { readonly below: string }

/** The kinds of records. */
export type RecordKind = 'namespace' | 'session' | 'index'

/** The text of a record; `document`: a session's. */
export function recordText(kind: RecordKind, head: object, document = ''): string {
  return `context-store ${layout} ${kind} ${JSON.stringify(head)}\n${document}`
}

/** The namespace in a value; `undefined` if there is none. */
export function namespaceOf(value: unknown, account: string, name: string): NamespaceRecord | undefined {
  if (value === undefined) return undefined
  const { head } = partsOf('namespace', value)
  const { generation, createdAt, ttlSeconds } = head
  if (head.account !== account || head.name !== name) throw damaged('namespace')
  if (typeof generation !== 'string' || !isWhole(createdAt)) throw damaged('namespace')
  if (!isWhole(ttlSeconds)) throw damaged('namespace')
  return { account, name, generation, createdAt, ttlSeconds }
}

/** The session in a value; `undefined` if there is none. */
export function sessionOf(value: unknown, address: Omit<CheckedAddress, 'memo'>): SessionRecord | undefined {
  if (value === undefined) return undefined
  const { head, body } = partsOf('session', value, address)
  const { id, generation, createdAt, ttlSeconds, ownTtl, expiresAt } = head
  if (id !== address.session || typeof generation !== 'string') throw damaged('session', address)
  if (typeof ownTtl !== 'boolean' || !isWhole(createdAt)) throw damaged('session', address)
  if (!isWhole(ttlSeconds) || (expiresAt !== undefined && !isWhole(expiresAt)))
    throw damaged('session', address)
  return {
    generation,
    id: address.session,
    life: { createdAt, ttlSeconds, ownTtl, expiresAt },
    document: body,
  }
}

/** The part of an index in a value; `undefined` if there is none. */
export function indexPartOf(value: unknown): IndexPart | undefined {
  if (value === undefined) return undefined
  const { names, below } = partsOf('index', value).head
  if (typeof below === 'string' && /^[0-9a-f]{1,16}$/.test(below)) return { below }
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return { names }
  throw damaged('index')
}

function partsOf(
  kind: RecordKind,
  value: unknown,
  address?: SessionAddress,
): { readonly head: { readonly [name: string]: unknown }; readonly body: string } {
  if (typeof value !== 'string') throw damaged(kind, address)
  const [start = '', found, of] = /^context-store (\d+) ([a-z]+) /.exec(value) ?? []
  if (found === undefined) throw damaged(kind, address)
  if (Number(found) !== layout) {
    const what = `has layout ${found}, but this version knows only ${layout}: update @context-store/keyv`
    throw damaged(kind, address, what)
  }
  const end = value.indexOf('\n')
  const head = of === kind && end !== -1 ? parsed(value.slice(start.length, end)) : undefined
  if (typeof head !== 'object' || head === null) throw damaged(kind, address)
  return { head: { ...head }, body: value.slice(end + 1) }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** May be negative: instants before 1970 are below zero. */
function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** The message names the session, because core does not know which one of a listing is damaged. */
function damaged(
  kind: RecordKind,
  address?: SessionAddress,
  what = 'is not as this store wrote it',
): CorruptDataError {
  const prefix = address?.session === undefined ? '' : `session ${JSON.stringify(address.session)}: `
  return new CorruptDataError(`${prefix}the ${kind} in the Keyv ${what}; it has been left as it is`, {
    address,
  })
}
