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
import { bytesOfProperty, type RecentUse } from './recent-use.ts'
import { RecordTree } from './record-tree.ts'
import type { NamespaceRecord, SessionRecord } from './records.ts'

const applied: PatchOutcome = { applied: true }

/** How many sessions one `reclaim` looks at. */
const reclaimStep = 1024

/** The engine: Maps of Maps. Every call is one turn of the event loop, so each is atomic. */
export class MemoryAdapter implements SyncStorageAdapter {
  readonly #tree: RecordTree
  readonly #use: RecentUse | undefined
  #walk: Generator<SessionRecord, void, undefined> | undefined

  constructor(use: RecentUse | undefined) {
    this.#tree = new RecordTree(use)
    this.#use = use
  }

  ready(): void {}

  createNamespace(
    account: string,
    namespace: string,
    ttlSeconds: number | undefined,
    rules: StoreRules,
  ): void {
    const record =
      this.#tree.namespace(account, namespace) ?? this.#tree.addNamespace(account, namespace, rules)
    if (ttlSeconds !== undefined) record.ttlSeconds = ttlSeconds
  }

  namespaceInfo(account: string, namespace: string): NamespaceInfo | undefined {
    const record = this.#tree.namespace(account, namespace)
    return record && infoOfNamespace(record)
  }

  deleteNamespace(account: string, namespace: string): void {
    this.#tree.endNamespace(account, namespace)
  }

  listNamespaces(account: string, from: string | undefined, limit: number): Slice<NamespaceInfo> {
    const listed = this.#tree.account(account)?.order.slice(from, limit, infoOfNamespace)
    return listed ?? { items: [], next: undefined }
  }

  listAccounts(from: string | undefined, limit: number): Slice<string> {
    return this.#tree.order.slice(from, limit, (account) => account.id)
  }

  patch(address: AddressKey, request: PatchRequest, rules: StoreRules): PatchOutcome {
    const { changes, expected, ttlSeconds: statedTtl } = request
    const found = this.#find(address, rules)
    if (expected !== undefined) {
      const current = found === undefined ? {} : pick(found, expected.names)
      if (!conditionHolds(expected, current)) return { applied: false, current }
    }
    const lengthBound = boundAfter(address, found, request, rules)
    if (this.#use !== undefined) this.#use.check(bytesAfter(found, request))

    // Nothing below can fail: a patch that is refused has changed nothing.
    const namespace =
      found?.namespace ??
      this.#tree.namespace(address.account, address.namespace) ??
      this.#tree.addNamespace(address.account, address.namespace, rules)
    const begins = (statedTtl ?? 0) > 0 || changes.values.some((value) => value !== absent)
    if (found === undefined && !begins) return applied
    const session = found ?? this.#tree.addSession(address, namespace, rules)
    const before = session.count
    this.#merge(session, request)
    session.lengthBound = lengthBound
    this.#live(session, before, found !== undefined, statedTtl, rules)
    if (this.#use !== undefined && session.alive) this.#use.touch(session)
    this.#evict()
    return applied
  }

  readProperty(address: AddressKey, name: string, rules: StoreRules): JsonValue | undefined {
    const session = this.#find(address, rules)
    if (session === undefined) return undefined
    this.#use?.touch(session)
    if (!Object.hasOwn(session.properties, name)) return undefined
    return copyJson(session.properties[name] as JsonValue)
  }

  readProperties(address: AddressKey, names: readonly string[] | undefined, rules: StoreRules): Properties {
    const session = this.#find(address, rules)
    if (session === undefined) return {}
    this.#use?.touch(session)
    if (names !== undefined) return pick(session, names)
    // Values that nobody can change need no copying.
    return session.nested ? (copyJson(session.properties) as Properties) : { ...session.properties }
  }

  deleteProperties(address: AddressKey, names: readonly string[], rules: StoreRules): void {
    const session = this.#tree.session(address, rules)
    if (session === undefined) return
    const before = session.count
    for (const name of names) this.#remove(session, name)
    if (session.count === 0 && before > 0) this.#tree.endSession(session)
  }

  clearSession(address: AddressKey, rules: StoreRules): void {
    const session = this.#tree.session(address, rules)
    if (session !== undefined) this.#tree.endSession(session)
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
    const record = this.#tree.namespace(account, namespace)
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
    if (this.#tree.mortal === 0) return
    const now = timeOf(rules)
    this.#walk ??= this.#tree.everySession()
    for (let looked = 0; looked < reclaimStep; looked++) {
      const { value: session } = this.#walk.next()
      if (session === undefined) {
        this.#walk = undefined
        return
      }
      if (session.alive && isExpired(session.life?.expiresAt, now)) this.#tree.endSession(session)
    }
  }

  close(): void {
    this.#tree.clear()
    this.#walk = undefined
  }

  /** The session, if it is there; throws where its namespace had to be created. */
  #find(address: AddressKey, rules: StoreRules): SessionRecord | undefined {
    const session = this.#tree.session(address, rules)
    if (session === undefined && rules.explicitNamespaces) {
      const { account, namespace } = address
      if (this.#tree.namespace(account, namespace) === undefined) throw namespaceNotFound(account, namespace)
    }
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
      this.#tree.endSession(session)
      return
    }
    this.#tree.mortal += Number(next.expiresAt !== undefined) - Number(life?.expiresAt !== undefined)
    session.life = next.ownTtl || next.ttlSeconds > 0 ? next : undefined
  }

  #evict(): void {
    for (let session = this.#use?.surplus; session !== undefined; session = this.#use?.surplus) {
      this.#tree.endSession(session)
    }
  }
}

/** A bound of the session's length after a patch, counted where the cheap one passes a limit. */
function boundAfter(
  address: AddressKey,
  found: SessionRecord | undefined,
  request: PatchRequest,
  rules: StoreRules,
): number {
  const { documentLength, properties: most } = rules.limits
  const { names, values } = request.changes
  const bound = (found?.lengthBound ?? 2) + request.lengthBound
  if (bound <= documentLength && (found?.count ?? 0) + names.length <= most) return bound
  const merged = { ...found?.properties }
  names.forEach((name, index) => {
    const value = values[index] as JsonValue | typeof absent
    if (value === absent) delete merged[name]
    else setOwn(merged, name, value)
  })
  const { length } = JSON.stringify(merged)
  checkSize(address, length, Object.keys(merged).length, rules)
  return length
}

/** The estimate of the session's bytes after a patch. */
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
