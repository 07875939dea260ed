import { type CheckedAddress, isExpired, type SessionLife } from '@context-store/core/adapter'
import type { Statements } from './statements.ts'
import { storedId } from './stored-id.ts'

/**
 * A hint: the row in which a handle last found its session. Row keys and namespace ids can be reused after a rollback,
 * so every query by key also compares the names, and finds that session or nothing.
 */
class RowHint {
  readonly key: number
  readonly account: string
  readonly namespace: string
  readonly id: string

  constructor(key: number, account: string, namespace: string, id: string) {
    this.key = key
    this.account = account
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

/** A session found by its hint. */
interface HintedRow {
  readonly namespace: number
  readonly document: string
  /** `created_at` if neither session nor namespace has a time to live; otherwise the whole life and the namespace's. */
  readonly life: number | string
}

/** What a search by names finds: a namespace, and a session if there is one. */
type NamedRow = { readonly namespace: number; readonly namespace_ttl: number } & (
  | { readonly key: null }
  | ({ readonly key: number; readonly document: string } & LifeRow)
)

interface DocumentRow {
  readonly document: string
  readonly expires_at: number | null
}
type NamedDocument = { readonly key: null } | ({ readonly key: number } & DocumentRow)

/** What is stored of a session: its namespace, and its row if it has one, expired or not. */
export interface FoundSession {
  readonly namespace: number
  readonly namespaceTtl: number
  readonly session:
    | { readonly key: number; readonly document: string; readonly life: SessionLife }
    | undefined
}

/** Finds a session for a write, in one query; `undefined` if its namespace does not exist either. */
export function findSession(sql: Statements, address: CheckedAddress): FoundSession | undefined {
  const { memo } = address
  if (memo instanceof RowHint) {
    const row = sql.findHinted.get(memo.key, memo.id, memo.account, memo.namespace) as HintedRow | undefined
    if (row !== undefined) return foundHinted(memo, row)
    address.memo = undefined
  }
  const [id, account, name] = storedNames(address)
  const row = sql.findNamed.get(id, account, name) as NamedRow | undefined
  if (row === undefined) return undefined
  const namespace = Number(row.namespace)
  const namespaceTtl = Number(row.namespace_ttl)
  if (row.key === null) return { namespace, namespaceTtl, session: undefined }
  const key = Number(row.key)
  address.memo = new RowHint(key, account, name, id)
  return { namespace, namespaceTtl, session: { key, document: row.document, life: lifeOf(row) } }
}

/** A session's document; `undefined` if there is no such session. */
export function readDocumentOf(
  sql: Statements,
  address: CheckedAddress,
  now: () => number,
): string | undefined {
  const row = readRow(sql, address)
  // The clock is read only if needed: on some machines that takes a tenth of the time of a read.
  if (row === undefined || row.expires_at === null) return row?.document
  const time = now()
  if (!isExpired(Number(row.expires_at), time)) return row.document
  // Another process may have extended the session's life before the clock was read: the current row decides.
  const again = readRow(sql, address)
  const isOver = again?.expires_at != null && isExpired(Number(again.expires_at), time)
  return isOver ? undefined : again?.document
}

function readRow(sql: Statements, address: CheckedAddress): DocumentRow | undefined {
  const { memo } = address
  if (memo instanceof RowHint) {
    const row = sql.readHinted.get(memo.key, memo.id, memo.account, memo.namespace) as DocumentRow | undefined
    if (row !== undefined) return row
    address.memo = undefined
  }
  const [id, account, name] = storedNames(address)
  const row = sql.readNamed.get(id, account, name) as NamedDocument | undefined
  if (row === undefined || row.key === null) return undefined
  address.memo = new RowHint(Number(row.key), account, name, id)
  return row
}

/** Lets the handle find the row that was just added. */
export function rememberRow(address: CheckedAddress, key: number): void {
  const [id, account, name] = storedNames(address)
  address.memo = new RowHint(key, account, name, id)
}

/** Converts to numbers: a caller's database may be set to return BigInts. */
export function lifeOf(row: LifeRow): SessionLife {
  return {
    createdAt: Number(row.created_at),
    ttlSeconds: Number(row.ttl_seconds),
    ownTtl: Number(row.own_ttl) === 1,
    expiresAt: row.expires_at === null ? undefined : Number(row.expires_at),
  }
}

function storedNames({ account, namespace, session }: CheckedAddress): [string, string, string] {
  return [storedId(session), storedId(account), storedId(namespace)]
}

function foundHinted({ key }: RowHint, { namespace, document, life }: HintedRow): FoundSession {
  if (typeof life !== 'string') {
    const lasting = { createdAt: Number(life), ttlSeconds: 0, ownTtl: false, expiresAt: undefined }
    return { namespace: Number(namespace), namespaceTtl: 0, session: { key, document, life: lasting } }
  }
  const [created, ttl, own, expires, namespaceTtl] = life.split(' ')
  const session = {
    key,
    document,
    life: lifeOf({
      created_at: Number(created),
      ttl_seconds: Number(ttl),
      own_ttl: Number(own),
      expires_at: expires === '' ? null : Number(expires),
    }),
  }
  return { namespace: Number(namespace), namespaceTtl: Number(namespaceTtl), session }
}
