import {
  type AddressKey,
  isExpired,
  namespaceNotFound,
  type SessionLife,
  type StoreRules,
  timeOf,
} from '@context-store/core'
import type { SessionStatements } from './session-statements.ts'
import { storedId } from './stored-id.ts'

/** The row in which a handle found its session. Rows come and go: each query asks for all three. */
export class Place {
  readonly key: number
  readonly namespace: number
  readonly id: string

  constructor(key: number, namespace: number, id: string) {
    this.key = key
    this.namespace = namespace
    this.id = id
  }
}

/** The columns of a session's life. */
export interface LifeRow {
  readonly created_at: number
  readonly ttl_seconds: number
  readonly own_ttl: number
  readonly expires_at: number | null
}

/** A session asked for by its place. */
interface PlacedRow {
  readonly document: string
  /** When it began, of one that is for ever; else with its times to live and its end. */
  readonly life: number | string
}

/** A session asked for by names, with its place. */
interface SessionRow extends LifeRow {
  readonly namespace_ttl: number
  readonly document: string
}
type NamedRow = { readonly namespace: number; readonly namespace_ttl: number } & (
  | { readonly key: null }
  | ({ readonly key: number } & SessionRow)
)

interface ReadRow {
  readonly document: string
  readonly expires_at: number | null
}
type NamedReadRow = { readonly namespace: number } & (
  | { readonly key: null }
  | ({ readonly key: number } & ReadRow)
)

/** What is there of a session: its namespace, and its row if it has one, be it expired. */
export interface Found {
  readonly namespace: number
  readonly namespaceTtl: number
  readonly session:
    | { readonly key: number; readonly document: string; readonly life: SessionLife }
    | undefined
}

/** Finds a session's row: by its key where the handle has been there before, else by names. */
export class SessionLookup {
  readonly #sql: SessionStatements

  constructor(sql: SessionStatements) {
    this.#sql = sql
  }

  /** The session with its life, in the one query that it takes; `undefined`: not even the namespace is there. */
  find(address: AddressKey): Found | undefined {
    const { memo } = address
    if (memo instanceof Place) {
      const row = this.#sql.findPlaced.get(memo.key, memo.namespace, memo.id) as PlacedRow | undefined
      if (row !== undefined) return foundPlaced(memo, row)
      address.memo = undefined
    }
    const id = storedId(address.session)
    const row = this.#sql.findNamed.get(id, storedId(address.account), storedId(address.namespace)) as
      | NamedRow
      | undefined
    if (row === undefined) return undefined
    const namespace = Number(row.namespace)
    if (row.key === null) {
      return { namespace, namespaceTtl: Number(row.namespace_ttl), session: undefined }
    }
    const place = new Place(Number(row.key), namespace, id)
    address.memo = place
    return foundSession(namespace, place.key, row)
  }

  /** The session's document; `undefined`: there is none. Throws where its namespace had to be created. */
  read(address: AddressKey, rules: StoreRules): string | undefined {
    const { memo } = address
    if (memo instanceof Place) {
      const row = this.#sql.readPlaced.get(memo.key, memo.namespace, memo.id) as ReadRow | undefined
      if (row !== undefined) return documentOf(row, rules)
      address.memo = undefined
    }
    const id = storedId(address.session)
    const row = this.#sql.readNamed.get(id, storedId(address.account), storedId(address.namespace)) as
      | NamedReadRow
      | undefined
    if (row === undefined) {
      if (rules.explicitNamespaces) throw namespaceNotFound(address.account, address.namespace)
      return undefined
    }
    if (row.key === null) return undefined
    address.memo = new Place(Number(row.key), Number(row.namespace), id)
    return documentOf(row, rules)
  }
}

function foundPlaced({ namespace, key }: Place, { document, life }: PlacedRow): Found {
  if (typeof life !== 'string') return foundSession(namespace, key, lastingRow(document, life))
  const [created, ttl, own, expires, namespaceTtl] = life.split(' ')
  return foundSession(namespace, key, {
    document,
    created_at: Number(created),
    ttl_seconds: Number(ttl),
    own_ttl: Number(own),
    expires_at: expires === '' ? null : Number(expires),
    namespace_ttl: Number(namespaceTtl),
  })
}

function lastingRow(document: string, created_at: number): SessionRow {
  return { document, created_at, ttl_seconds: 0, own_ttl: 0, expires_at: null, namespace_ttl: 0 }
}

function foundSession(namespace: number, key: number, row: SessionRow): Found {
  const session = { key, document: row.document, life: lifeOf(row) }
  return { namespace, namespaceTtl: Number(row.namespace_ttl), session }
}

function documentOf(row: ReadRow, rules: StoreRules): string | undefined {
  if (row.expires_at !== null && isExpired(Number(row.expires_at), timeOf(rules))) return undefined
  return row.document
}

/** Numbers by conversion: a caller's database may be set to give BigInts. */
export function lifeOf(row: LifeRow): SessionLife {
  return {
    createdAt: Number(row.created_at),
    ttlSeconds: Number(row.ttl_seconds),
    ownTtl: Number(row.own_ttl) === 1,
    expiresAt: row.expires_at === null ? undefined : Number(row.expires_at),
  }
}
