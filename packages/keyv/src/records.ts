import { CorruptDataError, type SessionLife } from '@context-store/core'

/*
 * Each value in the Keyv is one text, so that any serialization, compression or none keeps it:
 *
 *   context-store <layout> <kind> <a JSON object>\n<a session's document>
 */

/** The layout that this version writes, and the only one that it reads. */
const layout = 1

/** A namespace. */
export interface NamespaceRecord {
  readonly account: string
  readonly name: string
  /** Given once, and never again: the sessions of a namespace that was deleted bear another one. */
  readonly generation: string
  readonly createdAt: number
  readonly ttlSeconds: number
}

/** A session. */
export interface SessionRecord {
  /** That of the namespace in which it was begun. */
  readonly generation: string
  readonly id: string
  readonly life: SessionLife
  /** The properties, as core writes them. */
  readonly document: string
}

/** A part of an index: names, or which of the sixteen parts below hold any. */
export type IndexPart = { readonly names: readonly string[] } | { readonly below: string }

/** The text of a namespace. */
export function namespaceText(record: NamespaceRecord): string {
  return textOf('namespace', record)
}

/** The text of a session. */
export function sessionText({ generation, id, life, document }: SessionRecord): string {
  return textOf('session', { generation, id, ...life }, document)
}

/** The text of a part of an index. */
export function indexText(part: IndexPart): string {
  return textOf('index', part)
}

/** The namespace that a value holds; `undefined`: there is none. */
export function namespaceOf(value: unknown, account: string, name: string): NamespaceRecord | undefined {
  if (value === undefined) return undefined
  const { head } = partsOf('namespace', value)
  const { generation, createdAt, ttlSeconds } = head
  if (head.account !== account || head.name !== name) throw damaged('namespace')
  if (typeof generation !== 'string' || !isCount(createdAt) || !isCount(ttlSeconds))
    throw damaged('namespace')
  return { account, name, generation, createdAt, ttlSeconds }
}

/** The session that a value holds; `undefined`: there is none. */
export function sessionOf(value: unknown, id: string): SessionRecord | undefined {
  if (value === undefined) return undefined
  const { head, body } = partsOf('session', value)
  const { generation, createdAt, ttlSeconds, ownTtl, expiresAt } = head
  if (head.id !== id || typeof generation !== 'string' || typeof ownTtl !== 'boolean')
    throw damaged('session')
  if (!isCount(createdAt) || !isCount(ttlSeconds)) throw damaged('session')
  if (expiresAt !== undefined && !isCount(expiresAt)) throw damaged('session')
  return { generation, id, life: { createdAt, ttlSeconds, ownTtl, expiresAt }, document: body }
}

/** The part of an index that a value holds; `undefined`: there is none. */
export function indexPartOf(value: unknown): IndexPart | undefined {
  if (value === undefined) return undefined
  const { names, below } = partsOf('index', value).head
  if (typeof below === 'string' && /^[0-9a-f]{1,16}$/.test(below)) return { below }
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return { names }
  throw damaged('index')
}

type Kind = 'namespace' | 'session' | 'index'

function textOf(kind: Kind, head: object, body = ''): string {
  return `context-store ${layout} ${kind} ${JSON.stringify(head)}\n${body}`
}

function partsOf(
  kind: Kind,
  value: unknown,
): { readonly head: { readonly [name: string]: unknown }; readonly body: string } {
  if (typeof value !== 'string') throw damaged(kind)
  const [start = '', found, of] = /^context-store (\d+) ([a-z]+) /.exec(value) ?? []
  if (found === undefined) throw damaged(kind)
  if (Number(found) !== layout) {
    throw new CorruptDataError(
      `the ${kind} in the Keyv is of layout ${found}, this program knows ${layout}: update @context-store/keyv; ` +
        'it has been left as it is',
    )
  }
  const end = value.indexOf('\n')
  const head = of === kind && end !== -1 ? parsed(value.slice(start.length, end)) : undefined
  if (typeof head !== 'object' || head === null) throw damaged(kind)
  return { head: { ...head }, body: value.slice(end + 1) }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Instants before 1970 are below zero. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function damaged(kind: Kind): CorruptDataError {
  return new CorruptDataError(
    `the ${kind} in the Keyv is not as this store wrote it; it has been left as it is`,
  )
}
