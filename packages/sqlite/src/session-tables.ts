import {
  type AddressKey,
  conditionHolds,
  emptyDocument,
  isExpired,
  type JsonValue,
  type NamespaceInfo,
  namespaceInfoOf,
  namespaceNotFound,
  nextLife,
  type PatchOutcome,
  type PatchRequest,
  type Properties,
  type SessionInfo,
  type SessionLife,
  type Slice,
  type StoreRules,
  type SyncStorageAdapter,
  sessionInfoOf,
  timeOf,
} from '@context-store/core'
import { type LifeRow, lifeOf, Place, SessionLookup } from './session-lookup.ts'
import { prepareStatements, type SessionStatements } from './session-statements.ts'
import type { SqliteDatabase } from './sqlite-driver.ts'
import {
  changedDocument,
  checkLimits,
  documentWithout,
  noneOrSome,
  propertiesOf,
  propertyOf,
} from './stored-document.ts'
import { idOf, storedId } from './stored-id.ts'

/** How many sessions go along with their namespace; `reclaim` deletes the rest. */
const deletedAtOnce = 1000

/** How many sessions one `reclaim` deletes: more than the writes between two of them can begin. */
const reclaimedAtOnce = 256

interface NamespaceRow {
  readonly id: number
  readonly created_at: number
  readonly ttl_seconds: number
}

/**
 * The engine calls, without transactions: whoever writes has begun one. Each call decides everything before its
 * first write, so that one that is refused leaves nothing behind in a transaction that it shares with others.
 */
export class SessionTables implements Omit<SyncStorageAdapter, 'close'> {
  readonly #sql: SessionStatements
  readonly #lookup: SessionLookup

  constructor(database: SqliteDatabase) {
    this.#sql = prepareStatements(database)
    this.#lookup = new SessionLookup(this.#sql)
  }

  ready(): void {
    this.#sql.ready.get()
  }

  createNamespace(
    account: string,
    namespace: string,
    ttlSeconds: number | undefined,
    rules: StoreRules,
  ): void {
    const row = this.#namespace(account, namespace)
    if (row === undefined) this.#addNamespace(account, namespace, ttlSeconds ?? 0, timeOf(rules))
    else if (ttlSeconds !== undefined) this.#sql.updateNamespace.run(ttlSeconds, row.id)
  }

  namespaceInfo(account: string, namespace: string): NamespaceInfo | undefined {
    const row = this.#namespace(account, namespace)
    return row && namespaceInfoOf(namespace, Number(row.created_at), Number(row.ttl_seconds))
  }

  deleteNamespace(account: string, namespace: string): void {
    const row = this.#namespace(account, namespace)
    if (row === undefined) return
    this.#sql.deleteNamespace.run(row.id)
    const { changes } = this.#sql.deleteSessions.run(row.id, deletedAtOnce)
    if (changes >= deletedAtOnce) this.#sql.addDeletedNamespace.run(row.id)
  }

  listNamespaces(account: string, from: string | undefined, limit: number): Slice<NamespaceInfo> {
    const rows = this.#sql.listNamespaces.all(storedId(account), from ?? '', limit + 1)
    return sliceOf(rows as (NamespaceRow & { readonly name: string })[], limit, 'name', (row) =>
      namespaceInfoOf(idOf(row.name), Number(row.created_at), Number(row.ttl_seconds)),
    )
  }

  listAccounts(from: string | undefined, limit: number): Slice<string> {
    const rows = this.#sql.listAccounts.all(from ?? '', limit + 1)
    return sliceOf(rows as { readonly account: string }[], limit, 'account', (row) => idOf(row.account))
  }

  patch(address: AddressKey, request: PatchRequest, rules: StoreRules): PatchOutcome {
    const { changes, expected, ttlSeconds: statedTtl } = request
    const found = this.#lookup.find(address)
    if (found === undefined && rules.explicitNamespaces) {
      throw namespaceNotFound(address.account, address.namespace)
    }
    const now = timeOf(rules)
    const session = found?.session
    const alive = isExpired(session?.life.expiresAt, now) ? undefined : session
    const before = alive?.document ?? emptyDocument
    if (expected !== undefined) {
      const current = propertiesOf(address, before, expected.names)
      if (!conditionHolds(expected, current)) return current
    }
    const after = changedDocument(address, before, changes)
    checkLimits(address, after, rules)
    const life = nextLife({
      before: alive?.life,
      propertiesBefore: noneOrSome(before),
      propertiesAfter: noneOrSome(after),
      statedTtl,
      namespaceTtl: found?.namespaceTtl ?? 0,
      now,
    })

    const namespace = found?.namespace ?? this.#addNamespace(address.account, address.namespace, 0, now)
    if (life === undefined) {
      if (session !== undefined) this.#sql.deleteSession.run(session.key)
      return undefined
    }
    if (alive !== undefined && sameLife(alive.life, life)) {
      this.#sql.updateDocument.run(after, alive.key)
      return undefined
    }
    const { createdAt, ttlSeconds, expiresAt = null } = life
    const ownTtl = life.ownTtl ? 1 : 0
    if (session !== undefined) {
      this.#sql.updateSession.run(after, createdAt, ttlSeconds, ownTtl, expiresAt, session.key)
      return undefined
    }
    const id = storedId(address.session)
    const added = this.#sql.addSession.run(namespace, id, createdAt, ttlSeconds, ownTtl, expiresAt, after)
    address.memo = new Place(Number(added.lastInsertRowid), namespace, id)
    return undefined
  }

  readProperty(address: AddressKey, name: string, rules: StoreRules): JsonValue | undefined {
    const document = this.#lookup.read(address, rules)
    return document === undefined ? undefined : propertyOf(address, document, name)
  }

  readProperties(address: AddressKey, names: readonly string[] | undefined, rules: StoreRules): Properties {
    const document = this.#lookup.read(address, rules)
    return document === undefined ? {} : propertiesOf(address, document, names)
  }

  deleteProperties(address: AddressKey, names: readonly string[], rules: StoreRules): void {
    const session = this.#lookup.find(address)?.session
    if (session === undefined || isExpired(session.life.expiresAt, timeOf(rules))) return
    const after = documentWithout(address, session.document, names)
    if (after === session.document) return
    if (after === emptyDocument) this.#sql.deleteSession.run(session.key)
    else this.#sql.updateDocument.run(after, session.key)
  }

  clearSession(address: AddressKey): void {
    const session = this.#lookup.find(address)?.session
    if (session !== undefined) this.#sql.deleteSession.run(session.key)
  }

  sessionInfo(address: AddressKey, rules: StoreRules): SessionInfo | undefined {
    const found = this.#lookup.find(address)
    if (found === undefined && rules.explicitNamespaces) {
      throw namespaceNotFound(address.account, address.namespace)
    }
    const life = found?.session?.life
    if (life === undefined || isExpired(life.expiresAt, timeOf(rules))) return undefined
    return sessionInfoOf(address.session, life)
  }

  listSessions(
    account: string,
    namespace: string,
    from: string | undefined,
    limit: number,
    rules: StoreRules,
  ): Slice<SessionInfo> {
    const owner = this.#namespace(account, namespace)
    if (owner === undefined) {
      if (rules.explicitNamespaces) throw namespaceNotFound(account, namespace)
      return { items: [], next: undefined }
    }
    const rows = this.#sql.listSessions.all(owner.id, from ?? '', timeOf(rules), limit + 1)
    return sliceOf(rows as (LifeRow & { readonly id: string })[], limit, 'id', (row) =>
      sessionInfoOf(idOf(row.id), lifeOf(row)),
    )
  }

  reclaim(rules: StoreRules): void {
    const now = timeOf(rules)
    // To begin to delete costs ten times as much as to see that there is nothing.
    if (this.#sql.findExpired.get(now) !== undefined) this.#sql.deleteExpired.run(now, reclaimedAtOnce)
    const deleted = this.#sql.findDeletedNamespace.get() as { readonly id: number } | undefined
    if (deleted === undefined) return
    const { changes } = this.#sql.deleteSessions.run(deleted.id, reclaimedAtOnce)
    if (changes < reclaimedAtOnce) this.#sql.forgetDeletedNamespace.run(deleted.id)
  }

  #namespace(account: string, namespace: string): NamespaceRow | undefined {
    return this.#sql.findNamespace.get(storedId(account), storedId(namespace)) as NamespaceRow | undefined
  }

  #addNamespace(account: string, namespace: string, ttlSeconds: number, now: number): number {
    const added = this.#sql.addNamespace.run(storedId(account), storedId(namespace), now, ttlSeconds)
    return Number(added.lastInsertRowid)
  }
}

/** Whether a patch changed nothing of a session's life: so of all that never expire, and the document is enough. */
function sameLife(a: SessionLife, b: SessionLife): boolean {
  return a.expiresAt === b.expiresAt && a.ttlSeconds === b.ttlSeconds && a.ownTtl === b.ownTtl
}

/** A slice of the rows, of which one more than `limit` was asked for; it goes on behind the stored id of its last. */
function sliceOf<Column extends string, Row extends { readonly [C in Column]: string }, T>(
  rows: readonly Row[],
  limit: number,
  column: Column,
  itemOf: (row: Row) => T,
): Slice<T> {
  const shown = rows.slice(0, limit)
  return { items: shown.map(itemOf), next: rows.length > limit ? shown.at(-1)?.[column] : undefined }
}
