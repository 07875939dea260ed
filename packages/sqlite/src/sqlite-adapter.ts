import type { JsonValue, NamespaceInfo, Properties, SessionInfo } from '@context-store/core'
import {
  type BatchOutcome,
  type BatchWrite,
  type CallKind,
  type CheckedAddress,
  type Condition,
  decideClear,
  decideDelete,
  decidePatch,
  GroupCommit,
  isExpired,
  type ListedSession,
  type ListRequest,
  listedLength,
  listedProperties,
  makeInOrder,
  namespaceInfoOf,
  type PatchRequest,
  readDocumentProperties,
  readDocumentProperty,
  type SessionListRequest,
  type Slice,
  type StoredSession,
  type StoreRules,
  type SyncStorageAdapter,
  sessionInfoOf,
  type WriteDecision,
  type WriteOutcome,
} from '@context-store/core/adapter'
import {
  type FoundSession,
  findSession,
  type LifeRow,
  lifeOf,
  readDocumentOf,
  rememberRow,
} from './session-rows.ts'
import type { SqliteConnection } from './sqlite-connection.ts'
import { storeError } from './sqlite-errors.ts'
import { idOf, storedId } from './stored-id.ts'

/** How many sessions are deleted along with their namespace; `reclaim` deletes the rest. */
const deletedAtOnce = 1000

/** How many sessions one `reclaim` deletes: more than the writes between two of them can create. */
const reclaimedAtOnce = 256

/** How many documents a listing with properties reads at once: it may end at any of them. */
const documentsAtOnce = 32

interface NamespaceRow {
  readonly id: number
  readonly created_at: number
  readonly ttl_seconds: number
}

type SessionRow = LifeRow & { readonly id: string }

/**
 * The calls of the engine; core has begun a transaction for those that write. Each call decides everything before its
 * first write, so that a refused call leaves nothing behind in a transaction that it shares with others.
 */
export class SqliteAdapter implements SyncStorageAdapter {
  readonly keepsOrder = true
  readonly transactions: GroupCommit
  readonly #connection: SqliteConnection
  readonly #rules: StoreRules

  constructor(connection: SqliteConnection, rules: StoreRules) {
    this.#connection = connection
    this.transactions = new GroupCommit(connection)
    this.#rules = rules
  }

  errorOf(cause: unknown, during: CallKind): ReturnType<typeof storeError> {
    return storeError(cause, during)
  }

  ready(): void {
    this.#connection.statements.ready.get()
  }

  createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): void {
    const row = this.#namespace(account, namespace)
    if (row === undefined) this.#addNamespace(account, namespace, ttlSeconds ?? 0, this.#rules.now())
    else if (ttlSeconds !== undefined) this.#connection.statements.updateNamespace.run(ttlSeconds, row.id)
  }

  namespaceInfo(account: string, namespace: string): NamespaceInfo | undefined {
    const row = this.#namespace(account, namespace)
    return row && namespaceInfoOf(namespace, Number(row.created_at), Number(row.ttl_seconds))
  }

  deleteNamespace(account: string, namespace: string): void {
    const row = this.#namespace(account, namespace)
    if (row === undefined) return
    const sql = this.#connection.statements
    sql.deleteNamespace.run(row.id)
    const { changes } = sql.deleteSessions.run(row.id, deletedAtOnce)
    if (changes >= deletedAtOnce) sql.addDeletedNamespace.run(row.id)
  }

  listAccounts({ from, limit }: ListRequest): Slice<string> {
    const rows = this.#connection.statements.listAccounts.all(from ?? '', limit + 1)
    return sliceOf(rows as { readonly account: string }[], limit, 'account', (row) => idOf(row.account))
  }

  listNamespaces(account: string, { from, limit }: ListRequest): Slice<NamespaceInfo> {
    const rows = this.#connection.statements.listNamespaces.all(storedId(account), from ?? '', limit + 1)
    return sliceOf(rows as (NamespaceRow & { readonly name: string })[], limit, 'name', (row) =>
      namespaceInfoOf(idOf(row.name), Number(row.created_at), Number(row.ttl_seconds)),
    )
  }

  listSessions(account: string, namespace: string, request: SessionListRequest): Slice<ListedSession> {
    const owner = this.#namespace(account, namespace)
    if (owner === undefined) return { items: [], next: undefined }
    const { from, limit, properties } = request
    if (properties !== undefined) {
      return this.#listDocuments(owner.id, request, (session, document) =>
        listedProperties({ account, namespace, session }, document, properties),
      )
    }
    const rows = this.#connection.statements.listSessions.all(
      owner.id,
      from ?? '',
      this.#rules.now(),
      limit + 1,
    )
    return sliceOf(rows as SessionRow[], limit, 'id', (row) => sessionInfoOf(idOf(row.id), lifeOf(row)))
  }

  patch(address: CheckedAddress, request: PatchRequest): WriteOutcome {
    return this.#patch(address, request, this.#rules.now())
  }

  #patch(address: CheckedAddress, request: PatchRequest, now: number): WriteOutcome {
    const found = findSession(this.#connection.statements, address)
    const decision = decidePatch(found?.session, found?.namespaceTtl, request, this.#rules, now)
    if (decision.action === 'refuse') return decision.current
    const namespace = found?.namespace ?? this.#addNamespace(address.account, address.namespace, 0, now)
    return this.#carryOut(decision, address, namespace, found?.session)
  }

  update(
    address: CheckedAddress,
    names: readonly string[],
    change: (current: Properties) => PatchRequest | undefined,
  ): void {
    // One instant for both halves: a session must not expire between them.
    const now = this.#rules.now()
    const document = readDocumentOf(this.#connection.statements, address, () => now)
    const request = change(document === undefined ? {} : readDocumentProperties(document, names))
    if (request !== undefined) this.#patch(address, request, now)
  }

  batch(writes: readonly BatchWrite[]): BatchOutcome {
    const now = this.#rules.now()
    const targets = new Map<string, Target>()
    // Everything is decided before anything is written, so that nothing has to be undone.
    const refused = makeInOrder(writes, (write) =>
      this.#decide(write, this.#targetOf(write.address, targets), now),
    )
    if (refused !== undefined) return refused
    for (const { address, found, decision, isPatched } of targets.values()) {
      if (!isPatched) this.#carryOutIn(found, decision, address)
      else {
        const namespace = found?.namespace ?? this.#namespaceFor(address, now)
        this.#carryOut(decision, address, namespace, found?.session)
      }
    }
    return undefined
  }

  /** What a batch does to a session: one object for all writes to it. */
  #targetOf(address: CheckedAddress, targets: Map<string, Target>): Target {
    const key = JSON.stringify([address.account, address.namespace, address.session])
    let target = targets.get(key)
    if (target === undefined) {
      const found = findSession(this.#connection.statements, address)
      target = { address, found, session: found?.session, decision: keep, isPatched: false }
      targets.set(key, target)
    }
    return target
  }

  /** Decides a write of a batch, on the session as the writes before it leave it. */
  #decide(write: BatchWrite, target: Target, now: number): WriteOutcome {
    const decision = this.#decisionOf(write, target, now)
    if (decision.action === 'refuse') return decision.current
    target.isPatched ||= write.kind === 'patch'
    if (decision.action === 'keep') return undefined
    target.decision = decision
    target.session = decision.action === 'write' ? decision : undefined
    return undefined
  }

  #decisionOf(write: BatchWrite, { session, found }: Target, now: number): WriteDecision {
    if (write.kind === 'clear') return decideClear(session, write.expected, now)
    if (write.kind === 'delete') return decideDelete(session, write.names, now, write.expected)
    return decidePatch(session, found?.namespaceTtl, write.request, this.#rules, now)
  }

  /** The namespace of a session that a patch creates; an earlier session of the batch may have created it. */
  #namespaceFor({ account, namespace }: CheckedAddress, now: number): number {
    return this.#namespace(account, namespace)?.id ?? this.#addNamespace(account, namespace, 0, now)
  }

  readProperty(address: CheckedAddress, name: string): JsonValue | undefined {
    const document = readDocumentOf(this.#connection.statements, address, this.#rules.now)
    return document === undefined ? undefined : readDocumentProperty(document, name)
  }

  readProperties(address: CheckedAddress, names: readonly string[] | undefined): Properties {
    const document = readDocumentOf(this.#connection.statements, address, this.#rules.now)
    return document === undefined ? {} : readDocumentProperties(document, names)
  }

  deleteProperties(address: CheckedAddress, names: readonly string[]): void {
    const now = this.#rules.now()
    const found = findSession(this.#connection.statements, address)
    this.#carryOutIn(found, decideDelete(found?.session, names, now), address)
  }

  clearSession(address: CheckedAddress, expected: Condition | undefined): WriteOutcome {
    const now = this.#rules.now()
    const found = findSession(this.#connection.statements, address)
    return this.#carryOutIn(found, decideClear(found?.session, expected, now), address)
  }

  sessionInfo(address: CheckedAddress): SessionInfo | undefined {
    // Read first: by a later time, a session whose life another process extends in between could count as expired.
    const now = this.#rules.now()
    const life = findSession(this.#connection.statements, address)?.session?.life
    if (life === undefined || isExpired(life.expiresAt, now)) return undefined
    return sessionInfoOf(address.session, life)
  }

  reclaim(): boolean {
    const sql = this.#connection.statements
    const now = this.#rules.now()
    // An empty DELETE costs ten times the SELECT.
    const expired =
      sql.findExpired.get(now) === undefined ? 0 : sql.deleteExpired.run(now, reclaimedAtOnce).changes
    const isMoreExpired = expired >= reclaimedAtOnce
    const deleted = sql.findDeletedNamespace.get() as { readonly id: number } | undefined
    if (deleted === undefined) return isMoreExpired
    const { changes } = sql.deleteSessions.run(deleted.id, reclaimedAtOnce)
    if (changes >= reclaimedAtOnce) return true
    sql.forgetDeletedNamespace.run(deleted.id)
    return isMoreExpired
  }

  close(): void {
    this.#connection.close()
  }

  /** Carries out a decision that creates nothing. */
  #carryOutIn(
    found: FoundSession | undefined,
    decision: WriteDecision,
    address: CheckedAddress,
  ): WriteOutcome {
    if (found !== undefined) return this.#carryOut(decision, address, found.namespace, found.session)
    return decision.action === 'refuse' ? decision.current : undefined
  }

  #carryOut(
    decision: WriteDecision,
    address: CheckedAddress,
    namespace: number,
    stored: FoundSession['session'],
  ): WriteOutcome {
    const sql = this.#connection.statements
    if (decision.action === 'refuse') return decision.current
    if (decision.action === 'keep') return undefined
    if (decision.action === 'end') {
      if (stored !== undefined) sql.deleteSession.run(stored.key)
      return undefined
    }
    const { document, life } = decision
    if (stored !== undefined && life === stored.life) {
      sql.updateDocument.run(document, stored.key)
      return undefined
    }
    const { createdAt, ttlSeconds, expiresAt = null } = life
    const ownTtl = life.ownTtl ? 1 : 0
    if (stored !== undefined) {
      sql.updateSession.run(document, createdAt, ttlSeconds, ownTtl, expiresAt, stored.key)
      return undefined
    }
    const id = storedId(address.session)
    const added = sql.addSession.run(namespace, id, createdAt, ttlSeconds, ownTtl, expiresAt, document)
    rememberRow(address, Number(added.lastInsertRowid))
    return undefined
  }

  /** A slice with properties; reads some documents at a time, until their total length ends the page. */
  #listDocuments(
    namespace: number,
    { from, limit }: SessionListRequest,
    read: (session: string, document: string) => Properties,
  ): Slice<ListedSession> {
    const now = this.#rules.now()
    const items: ListedSession[] = []
    let last = from ?? ''
    let length = 0
    for (;;) {
      const wanted = Math.min(documentsAtOnce, limit + 1 - items.length)
      const rows = this.#connection.statements.listDocuments.all(namespace, last, now, wanted)
      for (const row of rows as (SessionRow & { readonly document: string })[]) {
        if (items.length === limit || length >= listedLength) return { items, next: last }
        const id = idOf(row.id)
        items.push({ ...sessionInfoOf(id, lifeOf(row)), properties: read(id, row.document) })
        length += row.document.length
        last = row.id
      }
      if (rows.length < wanted) return { items, next: undefined }
    }
  }

  #namespace(account: string, namespace: string): NamespaceRow | undefined {
    const { findNamespace } = this.#connection.statements
    return findNamespace.get(storedId(account), storedId(namespace)) as NamespaceRow | undefined
  }

  #addNamespace(account: string, namespace: string, ttlSeconds: number, now: number): number {
    const { addNamespace } = this.#connection.statements
    const added = addNamespace.run(storedId(account), storedId(namespace), now, ttlSeconds)
    return Number(added.lastInsertRowid)
  }
}

/** A session of a batch, and what the batch does to it. */
interface Target {
  readonly address: CheckedAddress
  readonly found: FoundSession | undefined
  /** As the writes so far leave it. */
  session: StoredSession | undefined
  decision: WriteDecision
  /** Whether one of the writes is a patch: then the namespace must exist. */
  isPatched: boolean
}

const keep: WriteDecision = { action: 'keep' }

/** A slice of rows that were queried with `limit + 1`; the next slice starts after the stored id of its last item. */
function sliceOf<Column extends string, Row extends { readonly [C in Column]: string }, T>(
  rows: readonly Row[],
  limit: number,
  column: Column,
  itemOf: (row: Row) => T,
): Slice<T> {
  const shown = rows.slice(0, limit)
  return { items: shown.map(itemOf), next: rows.length > limit ? shown.at(-1)?.[column] : undefined }
}
