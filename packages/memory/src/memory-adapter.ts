import {
  type AddressKey,
  absent,
  checkSize,
  conditionHolds,
  copyJson,
  type Entries,
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

/** Up to so many nested properties are copied out by name; more, by a look at every property. */
const fewNested = 8

/** How many sessions one `reclaim` looks at. */
const reclaimStep = 1024

/** The engine: Maps of Maps. Every call is one turn of the event loop, so each is atomic. */
export class MemoryAdapter implements SyncStorageAdapter {
  readonly #tree: RecordTree
  readonly #use: RecentUse | undefined
  #walk: Generator<SessionRecord, void, undefined> | undefined
  /** The nested names of the session that such a value was last written to. */
  #nested: readonly string[] = []

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
      if (!conditionHolds(expected, current)) return current
    }
    const { documentLength, properties: most } = rules.limits
    let lengthBound = (found?.lengthBound ?? 2) + request.lengthBound
    let countBound = (found?.countBound ?? 0) + changes.names.length
    if (lengthBound > documentLength || countBound > most) {
      const merged = mergedProperties(found, changes)
      lengthBound = JSON.stringify(merged).length
      countBound = Object.keys(merged).length
      checkSize(address, lengthBound, countBound, rules)
    }
    if (this.#use !== undefined) this.#use.check(bytesAfter(found, changes))

    // Nothing below can fail: a patch that is refused has changed nothing.
    const session = found ?? this.#begin(address, request, rules)
    if (session === undefined) return undefined
    const wasEmpty = session.empty
    this.#merge(session, request)
    session.lengthBound = lengthBound
    session.countBound = countBound
    this.#live(session, wasEmpty, found !== undefined, statedTtl, rules)
    if (this.#use !== undefined) {
      if (session.alive) this.#use.touch(session)
      this.#evict(this.#use)
    }
    return undefined
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
    if (session.nested.length > fewNested) return copyJson(session.properties) as Properties
    const copy = { ...session.properties }
    for (const name of session.nested) {
      // What is not there any more may be inherited: `constructor`, `__proto__`.
      if (Object.hasOwn(copy, name)) setOwn(copy, name, copyJson(copy[name] as JsonValue))
    }
    return copy
  }

  deleteProperties(address: AddressKey, names: readonly string[], rules: StoreRules): void {
    const session = this.#tree.session(address, rules)
    if (session === undefined) return
    if (session.empty) return
    for (const name of names) this.#remove(session, name)
    if (hasNone(session.properties)) this.#tree.endSession(session)
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

  /** A new session for a patch that begins one, in a namespace that begins with it; `undefined`: it begins none. */
  #begin(address: AddressKey, request: PatchRequest, rules: StoreRules): SessionRecord | undefined {
    const { account, namespace } = address
    const owner =
      this.#tree.namespace(account, namespace) ?? this.#tree.addNamespace(account, namespace, rules)
    const { names, values } = request.changes
    const begins = (request.ttlSeconds ?? 0) > 0 || names.some((name) => values[name] !== absent)
    return begins ? this.#tree.addSession(address, owner, rules) : undefined
  }

  #merge(session: SessionRecord, request: PatchRequest): void {
    const { changes, nests, removes } = request
    const { names, values } = changes
    if (nests) {
      const nested = nestedNames(session.nested, changes)
      // Of a million sessions that are alike one array is enough.
      if (!isSame(nested, this.#nested)) this.#nested = nested
      session.nested = this.#nested
    }
    if (this.#use !== undefined || removes || names.includes('__proto__')) {
      for (const name of names) this.#set(session, name, values[name] as JsonValue | typeof absent)
      session.empty = hasNone(session.properties)
      return
    }
    // Nothing that has to be looked at one by one, and copies that are nobody else's.
    if (session.empty) session.properties = values as Properties
    else Object.assign(session.properties, values)
    if (names.length > 0) session.empty = false
  }

  #set(session: SessionRecord, name: string, value: JsonValue | typeof absent): void {
    this.#remove(session, name, value !== absent)
    if (value === absent) return
    this.#use?.grow(session, bytesOfProperty(name, value))
    setOwn(session.properties, name, value)
  }

  #remove(session: SessionRecord, name: string, isReplaced = false): void {
    const { properties } = session
    if (!Object.hasOwn(properties, name)) return
    this.#use?.grow(session, -bytesOfProperty(name, properties[name] as JsonValue))
    if (!isReplaced) delete properties[name]
  }

  /** Gives the session the life that the patch leaves it with, or ends it. */
  #live(
    session: SessionRecord,
    wasEmpty: boolean,
    existed: boolean,
    statedTtl: number | undefined,
    rules: StoreRules,
  ): void {
    const { namespace, life } = session
    const lasting = statedTtl === undefined && life === undefined && namespace.ttlSeconds === 0
    if (lasting && !session.empty) return
    const next = nextLife({
      before: existed ? lifeOf(session) : undefined,
      propertiesBefore: wasEmpty ? 0 : 1,
      propertiesAfter: session.empty ? 0 : 1,
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

  #evict(use: RecentUse): void {
    for (let session = use.surplus; session !== undefined; session = use.surplus) {
      this.#tree.endSession(session)
    }
  }
}

/** What a session's properties will be. */
function mergedProperties(found: SessionRecord | undefined, { names, values }: Entries): Properties {
  const merged = { ...found?.properties }
  for (const name of names) {
    const value = values[name] as JsonValue | typeof absent
    if (value === absent) delete merged[name]
    else setOwn(merged, name, value)
  }
  return merged
}

/** The estimate of the session's bytes after a patch. */
function bytesAfter(found: SessionRecord | undefined, { names, values }: Entries): number {
  let bytes = found?.bytes ?? 0
  for (const name of names) {
    const value = values[name] as JsonValue | typeof absent
    if (found !== undefined && Object.hasOwn(found.properties, name)) {
      bytes -= bytesOfProperty(name, found.properties[name] as JsonValue)
    }
    if (value !== absent) bytes += bytesOfProperty(name, value)
  }
  return bytes
}

/** The names of nested properties after a patch; not all of them once there are more than a few. */
function nestedNames(before: readonly string[], { names, values }: Entries): readonly string[] {
  let after = before
  for (const name of names) {
    const value = values[name]
    if (typeof value !== 'object' || value === null || after.length > fewNested || after.includes(name))
      continue
    // As long as it has to be, where a spread leaves room for many more.
    after = after.concat(name)
  }
  return after
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, index) => name === b[index]))
}

function hasNone(properties: Properties): boolean {
  for (const name in properties) if (Object.hasOwn(properties, name)) return false
  return true
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
