import {
  absent,
  type JsonValue,
  type NamespaceInfo,
  type Properties,
  type SessionInfo,
} from '@context-store/core'
import {
  type BatchOutcome,
  type BatchWrite,
  type Cannot,
  type Changes,
  type CheckedAddress,
  type Condition,
  checkSize,
  conditionHolds,
  copyJson,
  isExpired,
  type ListedSession,
  type ListRequest,
  listedLength,
  makeInOrder,
  namespaceInfoOf,
  namespaceNotFound,
  nextLife,
  type PatchRequest,
  type SessionListRequest,
  type Slice,
  type StoreRules,
  type SyncStorageAdapter,
  sessionInfoOf,
  setOwn,
  type WriteOutcome,
} from '@context-store/core/adapter'
import { bytesOfProperty, type RecentUse } from './recent-use.ts'
import { RecordTree } from './record-tree.ts'
import { lifeOf, type NamespaceRecord, type SessionRecord } from './records.ts'

/** Up to this many nested properties are copied by name; beyond it, every property is checked. */
const fewNested = 8

/** Why a bounded store has no `batch`. */
const removesByItself =
  'a store with maxSessions or maxBytes removes sessions on its own, so those of a batch might not stay together: omit both'

/** How many sessions one `reclaim` checks. */
const reclaimStep = 1024

/** The engine: Maps of Maps. Every call is synchronous, so each is atomic. */
export class MemoryAdapter implements SyncStorageAdapter {
  readonly keepsOrder = true
  readonly cannot: Cannot
  readonly #rules: StoreRules
  readonly #tree: RecordTree
  readonly #use: RecentUse | undefined
  #walk: Generator<SessionRecord, void, undefined> | undefined
  /** The nested names of the session that a nested value was last written to. */
  #nested: readonly string[] = []

  constructor(rules: StoreRules, use: RecentUse | undefined) {
    this.#rules = rules
    this.#tree = new RecordTree(use)
    this.#use = use
    this.cannot = use === undefined ? {} : { batch: removesByItself }
  }

  createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): void {
    const record =
      this.#tree.namespace(account, namespace) ??
      this.#tree.addNamespace(account, namespace, this.#rules.now())
    if (ttlSeconds !== undefined) record.ttlSeconds = ttlSeconds
  }

  namespaceInfo(account: string, namespace: string): NamespaceInfo | undefined {
    const record = this.#tree.namespace(account, namespace)
    return record && infoOfNamespace(record)
  }

  deleteNamespace(account: string, namespace: string): void {
    this.#tree.endNamespace(account, namespace)
  }

  listNamespaces(account: string, { from, limit }: ListRequest): Slice<NamespaceInfo> {
    const listed = this.#tree.account(account)?.order.slice(from, limit, infoOfNamespace)
    return listed ?? { items: [], next: undefined }
  }

  listAccounts({ from, limit }: ListRequest): Slice<string> {
    return this.#tree.order.slice(from, limit, (account) => account.id)
  }

  listSessions(
    account: string,
    namespace: string,
    { from, limit, properties }: SessionListRequest,
  ): Slice<ListedSession> {
    const record = this.#tree.namespace(account, namespace)
    if (record === undefined) return { items: [], next: undefined }
    const now = this.#rules.now()
    let length = 0
    const show = (session: SessionRecord): ListedSession | undefined => {
      if (isExpired(session.life?.expiresAt, now)) return undefined
      const info = infoOfSession(session)
      if (properties === undefined) return info
      length += session.lengthBound
      return { ...info, properties: properties === true ? allOf(session) : pick(session, properties) }
    }
    return record.order.slice(from, limit, show, () => length >= listedLength)
  }

  patch(address: CheckedAddress, request: PatchRequest): WriteOutcome {
    const outcome = this.#patch(address, request, this.#rules.now)
    this.#evict()
    return outcome
  }

  update(
    address: CheckedAddress,
    names: readonly string[],
    change: (current: Properties) => PatchRequest | undefined,
  ): void {
    // One time for both halves: the session must not expire between them.
    const time = this.#rules.now()
    const now = (): number => time
    const session = this.#find(address, now)
    const request = change(session === undefined ? {} : pick(session, names))
    if (request !== undefined) this.#patch(address, request, now)
    else if (session !== undefined) this.#use?.touch(session)
    this.#evict()
  }

  batch(writes: readonly BatchWrite[]): BatchOutcome {
    const time = this.#rules.now()
    const now = (): number => time
    // Writes that succeed on copies of the sessions succeed on the sessions, so nothing has to be undone.
    const copies = this.#withCopies(writes, now)
    const outcome = makeInOrder(writes, (write) => copies.#write(copyOf(write), now))
    if (outcome !== undefined) return outcome
    for (const write of writes) this.#write(write, now)
    return undefined
  }

  #write(write: BatchWrite, clock: () => number): WriteOutcome {
    const { kind, address } = write
    if (kind === 'patch') return this.#patch(address, write.request, clock)
    if (kind === 'clear') return this.#clear(address, write.expected, clock)
    return this.#delete(address, write.names, clock, write.expected)
  }

  /** Returns an adapter with copies of the sessions of these writes and of their namespaces. */
  #withCopies(writes: readonly BatchWrite[], clock: () => number): MemoryAdapter {
    const other = new MemoryAdapter(this.#rules, undefined)
    for (const { address } of writes) {
      const { account, namespace } = address
      const owner = this.#tree.namespace(account, namespace)
      if (owner === undefined) continue
      const copyOfOwner =
        other.#tree.namespace(account, namespace) ??
        other.#tree.addNamespace(account, namespace, owner.createdAt)
      copyOfOwner.ttlSeconds = owner.ttlSeconds
      const session = this.#find({ ...address, memo: undefined }, clock)
      const isNew = session !== undefined && !copyOfOwner.sessions.has(session.id)
      if (isNew) other.#tree.addCopy(session, copyOfOwner)
    }
    return other
  }

  #patch(address: CheckedAddress, request: PatchRequest, clock: () => number): WriteOutcome {
    const { changes, expected, ttlSeconds: statedTtl } = request
    const found = this.#find(address, clock)
    const owner = found?.namespace ?? this.#namespaceToWrite(address, request)
    const refused = refusalOf(expected, found)
    if (refused !== undefined) return refused
    const { documentLength, properties: most } = this.#rules.limits
    let lengthBound = (found?.lengthBound ?? 2) + request.lengthBound
    let countBound = (found?.countBound ?? 0) + changes.names.length
    if (request.isRecord !== true && (lengthBound > documentLength || countBound > most)) {
      const merged = mergedProperties(found, changes)
      lengthBound = JSON.stringify(merged).length
      countBound = Object.keys(merged).length
      checkSize(lengthBound, countBound, this.#rules)
    }
    if (this.#use !== undefined) this.#use.check(bytesAfter(found, changes))
    // Without a time to live, the session's life does not change.
    const isLasting =
      found !== undefined && found.life === undefined && statedTtl === undefined && owner?.ttlSeconds === 0
    const now = isLasting ? 0 : clock()

    // Nothing below can throw, so a refused patch has changed nothing.
    const session = found ?? this.#begin(address, request, owner, now)
    if (session === undefined) return undefined
    const wasEmpty = session.empty
    this.#merge(session, request)
    session.lengthBound = lengthBound
    session.countBound = countBound
    if (!isLasting || session.empty) this.#live(session, wasEmpty, found !== undefined, statedTtl, now)
    if (session.alive) this.#use?.touch(session)
    return undefined
  }

  readProperty(address: CheckedAddress, name: string): JsonValue | undefined {
    const session = this.#find(address)
    if (session === undefined) return undefined
    this.#use?.touch(session)
    if (!Object.hasOwn(session.properties, name)) return undefined
    return copyJson(session.properties[name] as JsonValue)
  }

  readProperties(address: CheckedAddress, names: readonly string[] | undefined): Properties {
    const session = this.#find(address)
    if (session === undefined) return {}
    this.#use?.touch(session)
    return names === undefined ? allOf(session) : pick(session, names)
  }

  deleteProperties(address: CheckedAddress, names: readonly string[]): void {
    this.#delete(address, names, this.#rules.now)
  }

  #delete(
    address: CheckedAddress,
    names: readonly string[],
    clock: () => number,
    expected?: Condition,
  ): WriteOutcome {
    const session = this.#find(address, clock)
    const refused = refusalOf(expected, session)
    if (refused !== undefined) return refused
    if (session === undefined || session.empty) return undefined
    for (const name of names) this.#remove(session, name)
    if (hasNone(session.properties)) this.#tree.endSession(session)
    return undefined
  }

  clearSession(address: CheckedAddress, expected: Condition | undefined): WriteOutcome {
    return this.#clear(address, expected, this.#rules.now)
  }

  #clear(address: CheckedAddress, expected: Condition | undefined, clock: () => number): WriteOutcome {
    const session = this.#find(address, clock)
    const refused = refusalOf(expected, session)
    if (refused !== undefined) return refused
    if (session !== undefined) this.#tree.endSession(session)
    return undefined
  }

  sessionInfo(address: CheckedAddress): SessionInfo | undefined {
    const session = this.#find(address)
    return session && infoOfSession(session)
  }

  reclaim(): boolean {
    if (this.#tree.mortal === 0) return false
    const now = this.#rules.now()
    this.#walk ??= this.#tree.everySession()
    let ended = 0
    for (let looked = 0; looked < reclaimStep; looked++) {
      const { value: session } = this.#walk.next()
      if (session === undefined) {
        this.#walk = undefined
        return false
      }
      if (session.alive && isExpired(session.life?.expiresAt, now)) {
        this.#tree.endSession(session)
        ended++
      }
    }
    return ended > reclaimStep / 2
  }

  close(): void {
    this.#tree.clear()
    this.#use?.clear()
    this.#walk = undefined
  }

  /** Finds the session if it exists; removes it if it has expired. */
  #find(address: CheckedAddress, clock: () => number = this.#rules.now): SessionRecord | undefined {
    const session = this.#tree.session(address)
    if (session?.life === undefined || !isExpired(session.life.expiresAt, clock())) return session
    this.#tree.endSession(session)
    return undefined
  }

  /** Finds the namespace of a patch; `undefined`: it must be created. */
  #namespaceToWrite(
    { account, namespace }: CheckedAddress,
    { isRecord }: PatchRequest,
  ): NamespaceRecord | undefined {
    const record = this.#tree.namespace(account, namespace)
    if (record === undefined && this.#rules.explicitNamespaces && isRecord !== true) throw namespaceNotFound()
    return record
  }

  /** Creates the namespace if it is missing, and the session if the patch creates one. */
  #begin(
    address: CheckedAddress,
    request: PatchRequest,
    found: NamespaceRecord | undefined,
    now: number,
  ): SessionRecord | undefined {
    const owner = found ?? this.#tree.addNamespace(address.account, address.namespace, now)
    const { names, values } = request.changes
    const begins = (request.ttlSeconds ?? 0) > 0 || names.some((name) => values[name] !== absent)
    return begins ? this.#tree.addSession(address, owner, now) : undefined
  }

  #merge(session: SessionRecord, request: PatchRequest): void {
    const { changes, nests, removes } = request
    const { names, values } = changes
    if (nests) {
      const nested = nestedNames(session.nested, changes)
      // A million similar sessions share one array.
      if (!isSame(nested, this.#nested)) this.#nested = nested
      session.nested = this.#nested
    }
    if (this.#use !== undefined || removes || names.includes('__proto__')) {
      for (const name of names) this.#set(session, name, values[name] as JsonValue | typeof absent)
      session.empty = hasNone(session.properties)
      return
    }
    // The values are copies that nothing else refers to, so they can be stored directly.
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

  /** Sets the session's life after a patch, or ends the session. */
  #live(
    session: SessionRecord,
    wasEmpty: boolean,
    existed: boolean,
    statedTtl: number | undefined,
    now: number,
  ): void {
    const { namespace, life } = session
    const next = nextLife({
      before: existed ? lifeOf(session) : undefined,
      propertiesBefore: wasEmpty ? 0 : 1,
      propertiesAfter: session.empty ? 0 : 1,
      statedTtl,
      namespaceTtl: namespace.ttlSeconds,
      now,
    })
    if (next === undefined) {
      this.#tree.endSession(session)
      return
    }
    this.#tree.mortal += Number(next.expiresAt !== undefined) - Number(life?.expiresAt !== undefined)
    session.life = next.ownTtl || next.ttlSeconds > 0 ? next : undefined
  }

  /** Removes sessions beyond the bounds, at the end of a call. */
  #evict(): void {
    const use = this.#use
    if (use === undefined) return
    for (let session = use.surplus; session !== undefined; session = use.surplus) {
      this.#tree.endSession(session)
    }
  }
}

/** Copies a write, so that applying the copy leaves it intact: a patch hands over its values, an address caches its record. */
function copyOf(write: BatchWrite): BatchWrite {
  const address = { ...write.address, memo: undefined }
  if (write.kind !== 'patch') return { ...write, address }
  const { changes } = write.request
  const request = { ...write.request, changes: { ...changes, values: { ...changes.values } } }
  return { ...write, address, request }
}

/** Returns the expected properties that exist if the condition does not hold; otherwise `undefined`. */
function refusalOf(
  expected: Condition | undefined,
  session: SessionRecord | undefined,
): Properties | undefined {
  if (expected === undefined) return undefined
  const current = session === undefined ? {} : pick(session, expected.names)
  return conditionHolds(expected, current) ? undefined : current
}

/** The session's properties after a patch. */
function mergedProperties(found: SessionRecord | undefined, { names, values }: Changes): Properties {
  const merged = { ...found?.properties }
  for (const name of names) {
    const value = values[name] as JsonValue | typeof absent
    if (value === absent) delete merged[name]
    else setOwn(merged, name, value)
  }
  return merged
}

/** The estimated bytes of the session after a patch. */
function bytesAfter(found: SessionRecord | undefined, { names, values }: Changes): number {
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

/** The names of nested properties after a patch; incomplete once there are more than `fewNested`. */
function nestedNames(before: readonly string[], { names, values }: Changes): readonly string[] {
  let after = before
  for (const name of names) {
    const value = values[name]
    if (typeof value !== 'object' || value === null || after.length > fewNested || after.includes(name))
      continue
    // concat: a spread over-allocates.
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

function infoOfSession(session: SessionRecord): SessionInfo {
  return sessionInfoOf(session.id, lifeOf(session))
}

function infoOfNamespace(record: NamespaceRecord): NamespaceInfo {
  return namespaceInfoOf(record.name, record.createdAt, record.ttlSeconds)
}

/** Copies of all properties. */
function allOf(session: SessionRecord): Properties {
  if (session.nested.length > fewNested) return copyJson(session.properties) as Properties
  const copy = { ...session.properties }
  for (const name of session.nested) {
    // The property may have been removed while an inherited one has its name: `constructor`, `__proto__`.
    if (Object.hasOwn(copy, name)) setOwn(copy, name, copyJson(copy[name] as JsonValue))
  }
  return copy
}

/** Copies of the properties in `names` that exist. */
function pick(session: SessionRecord, names: readonly string[]): Properties {
  const picked: Properties = {}
  for (const name of names) {
    if (Object.hasOwn(session.properties, name)) {
      setOwn(picked, name, copyJson(session.properties[name] as JsonValue))
    }
  }
  return picked
}
