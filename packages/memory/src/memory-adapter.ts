import {
  type AddressKey,
  absent,
  checkSize,
  conditionHolds,
  copyJson,
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
  setOwn,
  timeOf,
} from '@context-store/core'
import { CreationOrder } from './creation-order.ts'
import { bytesOfProperty, type RecentUse } from './recent-use.ts'
import { AccountRecord, NamespaceRecord, SessionRecord } from './records.ts'

const applied: PatchOutcome = { applied: true }

/** How many sessions one `reclaim` looks at. */
const reclaimStep = 1024

/** The engine: Maps of Maps. Every call is one turn of the event loop, so each is atomic. */
export class MemoryAdapter implements SyncStorageAdapter {
  readonly #accounts = new Map<string, AccountRecord>()
  readonly #order = new CreationOrder<AccountRecord>()
  readonly #use: RecentUse | undefined
  #sequence = 0
  #mortal = 0
  #walk: Generator<SessionRecord, void, undefined> | undefined

  constructor(use: RecentUse | undefined) {
    this.#use = use
  }

  ready(): void {}

  createNamespace(
    account: string,
    namespace: string,
    ttlSeconds: number | undefined,
    rules: StoreRules,
  ): void {
    const record = this.#findNamespace(account, namespace) ?? this.#addNamespace(account, namespace, rules)
    if (ttlSeconds !== undefined) record.ttlSeconds = ttlSeconds
  }

  namespaceInfo(account: string, namespace: string): NamespaceInfo | undefined {
    const record = this.#findNamespace(account, namespace)
    return record && infoOfNamespace(record)
  }

  deleteNamespace(account: string, namespace: string): void {
    const owner = this.#accounts.get(account)
    const record = owner?.namespaces.get(namespace)
    if (owner === undefined || record === undefined) return
    for (const session of record.sessions.values()) this.#forget(session)
    owner.namespaces.delete(namespace)
    owner.order.remove(record)
    if (owner.namespaces.size > 0) return
    this.#accounts.delete(account)
    this.#order.remove(owner)
  }

  listNamespaces(account: string, from: string | undefined, limit: number): Slice<NamespaceInfo> {
    const owner = this.#accounts.get(account)
    return owner?.order.slice(from, limit, infoOfNamespace) ?? { items: [], next: undefined }
  }

  listAccounts(from: string | undefined, limit: number): Slice<string> {
    return this.#order.slice(from, limit, (account) => account.id)
  }

  patch(address: AddressKey, request: PatchRequest, rules: StoreRules): PatchOutcome {
    const { changes, expected } = request
    const found = this.#find(address, rules)
    const length = (found?.lengthBound ?? 2) + request.lengthBound
    if (expected !== undefined) {
      const current = found === undefined ? {} : pick(found, expected.names)
      if (!conditionHolds(expected, current)) return { applied: false, current }
    }
    const { documentLength, properties: most } = rules.limits
    const crowded = length > documentLength || (found?.count ?? 0) + changes.names.length > most
    const bound = crowded ? this.#exactLength(address, found, request, rules) : length
    if (this.#use !== undefined) this.#use.check(bytesAfter(found, request))

    const namespace =
      found?.namespace ??
      this.#findNamespace(address.account, address.namespace) ??
      this.#addNamespace(address.account, address.namespace, rules)
    const session = found ?? this.#begin(address, request, namespace, rules)
    if (session === undefined) return applied
    const before = session.count
    this.#merge(session, request)
    session.lengthBound = bound
    this.#live(session, before, found !== undefined, request.ttlSeconds, rules)
    if (this.#use !== undefined && session.alive) this.#use.touch(session)
    this.#evict()
    return applied
  }

  readProperty(address: AddressKey, name: string, rules: StoreRules): JsonValue | undefined {
    const session = this.#find(address, rules)
    if (session === undefined || !Object.hasOwn(session.properties, name)) return undefined
    this.#use?.touch(session)
    return copyJson(session.properties[name] as JsonValue)
  }

  readProperties(address: AddressKey, names: readonly string[] | undefined, rules: StoreRules): Properties {
    const session = this.#find(address, rules)
    if (session === undefined) return {}
    this.#use?.touch(session)
    if (names !== undefined) return pick(session, names)
    const properties = { ...session.properties }
    if (session.nested) {
      for (const name of Object.keys(properties)) {
        const value = properties[name] as JsonValue
        if (typeof value === 'object' && value !== null) setOwn(properties, name, copyJson(value))
      }
    }
    return properties
  }

  deleteProperties(address: AddressKey, names: readonly string[], rules: StoreRules): void {
    const session = this.#lookUp(address, timeOf(rules))
    if (session === undefined) return
    const before = session.count
    for (const name of names) this.#remove(session, name)
    if (session.count === 0 && before > 0) this.#end(session)
  }

  clearSession(address: AddressKey, rules: StoreRules): void {
    const session = this.#lookUp(address, timeOf(rules))
    if (session !== undefined) this.#end(session)
  }

  sessionInfo(address: AddressKey, rules: StoreRules): SessionInfo | undefined {
    const session = this.#find(address, rules)
    return session && infoOfSession(session)
  }

  listSessions(
    account: string,
    namespace: string,
    from: string | undefined,
    limit: number,
    rules: StoreRules,
  ): Slice<SessionInfo> {
    const record = this.#findNamespace(account, namespace)
    if (record === undefined) {
      if (rules.explicitNamespaces) throw namespaceNotFound(account, namespace)
      return { items: [], next: undefined }
    }
    const now = timeOf(rules)
    return record.order.slice(from, limit, (session) =>
      isExpired(session.life?.expiresAt, now) ? undefined : infoOfSession(session),
    )
  }

  reclaim(rules: StoreRules): void {
    if (this.#mortal === 0) return
    const now = timeOf(rules)
    this.#walk ??= this.#everySession()
    for (let looked = 0; looked < reclaimStep; looked++) {
      const { value: session } = this.#walk.next()
      if (session === undefined) {
        this.#walk = undefined
        return
      }
      if (session.alive && isExpired(session.life?.expiresAt, now)) this.#end(session)
    }
  }

  close(): void {
    this.#accounts.clear()
    this.#walk = undefined
  }

  *#everySession(): Generator<SessionRecord, void, undefined> {
    for (const account of this.#accounts.values()) {
      for (const namespace of account.namespaces.values()) yield* namespace.sessions.values()
    }
  }

  #findNamespace(account: string, namespace: string): NamespaceRecord | undefined {
    return this.#accounts.get(account)?.namespaces.get(namespace)
  }

  #addNamespace(account: string, namespace: string, rules: StoreRules): NamespaceRecord {
    let owner = this.#accounts.get(account)
    if (owner === undefined) {
      owner = new AccountRecord(account, this.#sequence++)
      this.#accounts.set(account, owner)
      this.#order.add(owner)
    }
    const record = new NamespaceRecord(namespace, this.#sequence++, timeOf(rules))
    owner.namespaces.set(namespace, record)
    owner.order.add(record)
    return record
  }

  /** The session if it is there; ends it where it has expired; throws where its namespace had to be created. */
  #find(address: AddressKey, rules: StoreRules): SessionRecord | undefined {
    const { memo } = address
    if (memo instanceof SessionRecord && memo.alive && memo.life === undefined) return memo
    const session = this.#lookUp(address, timeOf(rules))
    if (session === undefined && rules.explicitNamespaces) {
      const { account, namespace } = address
      if (this.#findNamespace(account, namespace) === undefined) throw namespaceNotFound(account, namespace)
    }
    return session
  }

  #lookUp(address: AddressKey, now: number): SessionRecord | undefined {
    const { memo } = address
    const session =
      memo instanceof SessionRecord && memo.alive
        ? memo
        : this.#findNamespace(address.account, address.namespace)?.sessions.get(address.session)
    address.memo = session
    if (session === undefined || !isExpired(session.life?.expiresAt, now)) return session
    this.#end(session)
    return undefined
  }

  /** Begins the session that a patch is for, unless nothing in the patch begins one. */
  #begin(
    address: AddressKey,
    request: PatchRequest,
    namespace: NamespaceRecord,
    rules: StoreRules,
  ): SessionRecord | undefined {
    const { changes, ttlSeconds = 0 } = request
    if (ttlSeconds === 0 && changes.values.every((value) => value === absent)) return undefined
    const session = new SessionRecord(address.session, this.#sequence++, namespace, timeOf(rules))
    namespace.sessions.set(session.id, session)
    namespace.order.add(session)
    address.memo = session
    return session
  }

  #merge(session: SessionRecord, request: PatchRequest): void {
    const { names, values } = request.changes
    const { properties } = session
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      const value = values[i] as JsonValue | typeof absent
      if (value === absent) {
        this.#remove(session, name)
        continue
      }
      if (this.#use !== undefined) {
        const old = Object.hasOwn(properties, name) ? bytesOfProperty(name, properties[name] as JsonValue) : 0
        this.#use.grow(session, bytesOfProperty(name, value) - old)
      }
      if (!Object.hasOwn(properties, name)) session.count++
      if (typeof value === 'object' && value !== null) session.nested = true
      setOwn(properties, name, value)
    }
  }

  #remove(session: SessionRecord, name: string): void {
    const { properties } = session
    if (!Object.hasOwn(properties, name)) return
    this.#use?.grow(session, -bytesOfProperty(name, properties[name] as JsonValue))
    delete properties[name]
    session.count--
  }

  /** Gives the session the life that the patch leaves it with, or ends it. */
  #live(
    session: SessionRecord,
    propertiesBefore: number,
    existed: boolean,
    statedTtl: number | undefined,
    rules: StoreRules,
  ): void {
    const { namespace, life } = session
    const lasting = statedTtl === undefined && life === undefined && namespace.ttlSeconds === 0
    if (lasting && session.count > 0) return
    const next = nextLife({
      before: existed ? lifeOf(session) : undefined,
      propertiesBefore,
      propertiesAfter: session.count,
      statedTtl,
      namespaceTtl: namespace.ttlSeconds,
      now: existed ? timeOf(rules) : session.createdAt,
    })
    if (next === undefined) {
      this.#end(session)
      return
    }
    this.#mortal += Number(next.expiresAt !== undefined) - Number(life?.expiresAt !== undefined)
    session.life = next.ownTtl || next.ttlSeconds > 0 ? next : undefined
  }

  /** The length after the patch, counted; throws where it passes a limit. */
  #exactLength(
    address: AddressKey,
    found: SessionRecord | undefined,
    request: PatchRequest,
    rules: StoreRules,
  ): number {
    const merged = { ...found?.properties }
    request.changes.names.forEach((name, index) => {
      const value = request.changes.values[index] as JsonValue | typeof absent
      if (value === absent) delete merged[name]
      else setOwn(merged, name, value)
    })
    const { length } = JSON.stringify(merged)
    checkSize(address, length, Object.keys(merged).length, rules)
    return length
  }

  #evict(): void {
    for (let session = this.#use?.surplus; session !== undefined; session = this.#use?.surplus) {
      this.#end(session)
    }
  }

  #end(session: SessionRecord): void {
    session.namespace.sessions.delete(session.id)
    session.namespace.order.remove(session)
    this.#forget(session)
  }

  #forget(session: SessionRecord): void {
    session.alive = false
    if (session.life?.expiresAt !== undefined) this.#mortal--
    this.#use?.remove(session)
  }
}

function lifeOf(session: SessionRecord): SessionLife {
  const { createdAt } = session
  return session.life ?? { createdAt, ttlSeconds: 0, ownTtl: false, expiresAt: undefined }
}

function infoOfSession(session: SessionRecord): SessionInfo {
  return sessionInfoOf(session.id, lifeOf(session))
}

function infoOfNamespace(record: NamespaceRecord): NamespaceInfo {
  return namespaceInfoOf(record.name, record.createdAt, record.ttlSeconds)
}

function pick(session: SessionRecord, names: readonly string[]): Properties {
  const picked: Properties = {}
  for (const name of names) {
    if (Object.hasOwn(session.properties, name)) {
      setOwn(picked, name, copyJson(session.properties[name] as JsonValue))
    }
  }
  return picked
}

function bytesAfter(found: SessionRecord | undefined, request: PatchRequest): number {
  let bytes = found?.bytes ?? 0
  request.changes.names.forEach((name, index) => {
    const value = request.changes.values[index] as JsonValue | typeof absent
    if (found !== undefined && Object.hasOwn(found.properties, name)) {
      bytes -= bytesOfProperty(name, found.properties[name] as JsonValue)
    }
    if (value !== absent) bytes += bytesOfProperty(name, value)
  })
  return bytes
}
