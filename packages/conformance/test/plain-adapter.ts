import {
  absent,
  type JsonValue,
  type NamespaceInfo,
  type Properties,
  type SessionInfo,
} from '@context-store/core'
import {
  type CheckedAddress,
  type Condition,
  checkSize,
  conditionHolds,
  copyJson,
  isExpired,
  type LifeEvent,
  type ListedSession,
  type ListRequest,
  listedLength,
  namespaceInfoOf,
  namespaceNotFound,
  nextLife,
  type PatchRequest,
  type SessionLife,
  type SessionListRequest,
  type Slice,
  type StoreRules,
  type SyncStorageAdapter,
  sessionInfoOf,
  setOwn,
  type WriteOutcome,
} from '@context-store/core/adapter'

export interface PlainSession {
  readonly id: string
  life: SessionLife
  properties: Map<string, JsonValue>
}

export interface PlainNamespace {
  readonly account: string
  readonly name: string
  createdAt: number
  ttlSeconds: number
  readonly sessions: Map<string, PlainSession>
}

/** The address of a session, or of its namespace. */
export type Place = Pick<CheckedAddress, 'account' | 'namespace'>

/** The simplest possible adapter, in methods small enough for a mutant to break one. */
export class PlainAdapter implements SyncStorageAdapter {
  readonly namespaces = new Map<string, PlainNamespace>()
  readonly rules: StoreRules

  constructor(rules: StoreRules) {
    this.rules = rules
  }

  createNamespace(account: string, name: string, ttlSeconds: number | undefined): void {
    const namespace = this.begin(account, name)
    if (ttlSeconds !== undefined) namespace.ttlSeconds = ttlSeconds
  }

  namespaceInfo(account: string, name: string): NamespaceInfo | undefined {
    const namespace = this.namespaces.get(this.keyOf(account, name))
    return namespace && namespaceInfoOf(namespace.name, namespace.createdAt, namespace.ttlSeconds)
  }

  deleteNamespace(account: string, name: string): void {
    this.namespaces.delete(this.keyOf(account, name))
  }

  listNamespaces(account: string, request: ListRequest): Slice<NamespaceInfo> {
    const own = [...this.namespaces.values()].filter((namespace) => namespace.account === account)
    return this.slice(
      own,
      ({ name }) => name,
      ({ name, createdAt, ttlSeconds }) => namespaceInfoOf(name, createdAt, ttlSeconds),
      request,
    )
  }

  listAccounts(request: ListRequest): Slice<string> {
    const accounts = new Set([...this.namespaces.values()].map(({ account }) => account))
    return this.slice(
      [...accounts],
      (id) => id,
      (id) => id,
      request,
    )
  }

  listSessions(account: string, namespace: string, request: SessionListRequest): Slice<ListedSession> {
    const all = [...(this.sessionsOf({ account, namespace })?.values() ?? [])]
    const there = all.filter(({ life }) => this.isListed(life))
    const { properties } = request
    return this.slice(
      there,
      (session) => this.positionOf(session),
      (session) => ({
        ...sessionInfoOf(session.id, session.life),
        ...(properties !== undefined && { properties: this.listed(session, properties) }),
      }),
      request,
      properties === undefined ? () => 0 : (session) => this.lengthOf(session.properties),
    )
  }

  patch(address: CheckedAddress, request: PatchRequest): WriteOutcome {
    const before = this.find(address)
    this.mustExist(address)
    const refused = this.refusal(before, request.expected)
    if (refused !== undefined) return refused
    const properties = this.merge(new Map(before?.properties), request)
    this.measure(properties)
    const namespace = this.begin(address.account, address.namespace)
    this.live(namespace, address, properties, {
      before: before?.life,
      propertiesBefore: before?.properties.size ?? 0,
      propertiesAfter: properties.size,
      statedTtl: request.ttlSeconds,
      namespaceTtl: namespace.ttlSeconds,
      now: this.time(),
    })
    return undefined
  }

  readProperty(address: CheckedAddress, name: string): JsonValue | undefined {
    return Object.entries(this.pick(this.find(address), [name]))[0]?.[1]
  }

  readProperties(address: CheckedAddress, names: readonly string[] | undefined): Properties {
    const session = this.find(address)
    return this.pick(session, names ?? [...(session?.properties.keys() ?? [])])
  }

  deleteProperties(address: CheckedAddress, names: readonly string[]): void {
    const session = this.find(address)
    if (session === undefined) return
    const before = session.properties.size
    for (const name of names) session.properties.delete(name)
    if (before > 0 && session.properties.size === 0) this.end(address)
  }

  clearSession(address: CheckedAddress, expected: Condition | undefined): WriteOutcome {
    const refused = this.refusal(this.find(address), expected)
    if (refused === undefined) this.end(address)
    return refused
  }

  sessionInfo(address: CheckedAddress): SessionInfo | undefined {
    const session = this.find(address)
    return session && sessionInfoOf(session.id, session.life)
  }

  close(): void {}

  keyOf(...parts: string[]): string {
    return JSON.stringify(parts)
  }

  time(): number {
    return this.rules.now()
  }

  begin(account: string, name: string): PlainNamespace {
    const key = this.keyOf(account, name)
    const fresh = { account, name, createdAt: this.time(), ttlSeconds: 0, sessions: new Map() }
    const namespace = this.namespaces.get(key) ?? fresh
    this.namespaces.set(key, namespace)
    return namespace
  }

  mustExist({ account, namespace }: Place): void {
    if (this.rules.explicitNamespaces && !this.namespaces.has(this.keyOf(account, namespace))) {
      throw namespaceNotFound()
    }
  }

  sessionsOf({ account, namespace }: Place): Map<string, PlainSession> | undefined {
    return this.namespaces.get(this.keyOf(account, namespace))?.sessions
  }

  find(address: CheckedAddress): PlainSession | undefined {
    const session = this.sessionsOf(address)?.get(this.keyOf(address.session))
    return session === undefined || this.isOver(session.life) ? undefined : session
  }

  end(address: CheckedAddress): void {
    this.sessionsOf(address)?.delete(this.keyOf(address.session))
  }

  isOver(life: SessionLife): boolean {
    return isExpired(life.expiresAt, this.time())
  }

  isListed(life: SessionLife): boolean {
    return !this.isOver(life)
  }

  positionOf(session: PlainSession): string {
    return session.id
  }

  refusal(session: PlainSession | undefined, expected: Condition | undefined): WriteOutcome {
    if (expected === undefined) return undefined
    const current = this.pick(session, expected.names)
    return this.accepts(expected, current) ? undefined : current
  }

  accepts(expected: Condition, current: Properties): boolean {
    return conditionHolds(expected, current)
  }

  merge(properties: Map<string, JsonValue>, { changes }: PatchRequest): Map<string, JsonValue> {
    changes.names.forEach((name) => {
      const value = changes.values[name] ?? null
      if (value === absent) properties.delete(name)
      else properties.set(name, value)
    })
    return properties
  }

  lengthOf(properties: Map<string, JsonValue>): number {
    return JSON.stringify(Object.fromEntries(properties)).length
  }

  measure(properties: Map<string, JsonValue>): void {
    checkSize(this.lengthOf(properties), properties.size, this.rules)
  }

  live(
    namespace: PlainNamespace,
    address: CheckedAddress,
    properties: Map<string, JsonValue>,
    event: LifeEvent,
  ): void {
    const key = this.keyOf(address.session)
    const life = nextLife(event)
    if (life === undefined) namespace.sessions.delete(key)
    else namespace.sessions.set(key, { id: address.session, life, properties })
  }

  listed(session: PlainSession, properties: true | readonly string[]): Properties {
    return this.pick(session, properties === true ? [...session.properties.keys()] : properties)
  }

  pick(session: PlainSession | undefined, names: readonly string[]): Properties {
    const picked: Properties = {}
    for (const name of names) {
      const value = session?.properties.get(name)
      if (value !== undefined) setOwn(picked, name, this.out(value))
    }
    return picked
  }

  out(value: JsonValue): JsonValue {
    return copyJson(value)
  }

  /** Sorted by name, so that additions and removals do not move other items. */
  slice<T, I>(
    all: T[],
    nameOf: (one: T) => string,
    itemOf: (one: T) => I,
    { from, limit }: ListRequest,
    lengthOf: (one: T) => number = () => 0,
  ): Slice<I> {
    const rest = all
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
      .filter((one) => from === undefined || nameOf(one) > from)
    const items: I[] = []
    let length = 0
    for (const one of rest) {
      if (items.length === limit || length >= listedLength) {
        const last = rest[items.length - 1]
        return { items, next: last && nameOf(last) }
      }
      items.push(itemOf(one))
      length += lengthOf(one)
    }
    return { items, next: undefined }
  }
}
