import {
  type AddressKey,
  absent,
  checkSize,
  conditionHolds,
  copyJson,
  isExpired,
  type JsonValue,
  type LifeEvent,
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

/** The plainest adapter there can be, in methods small enough for a mutant to break one. */
export class PlainAdapter implements SyncStorageAdapter {
  readonly namespaces = new Map<string, PlainNamespace>()

  ready(): void {}

  createNamespace(account: string, name: string, ttlSeconds: number | undefined, rules: StoreRules): void {
    const namespace = this.begin(account, name, rules)
    if (ttlSeconds !== undefined) namespace.ttlSeconds = ttlSeconds
  }

  namespaceInfo(account: string, name: string): NamespaceInfo | undefined {
    const namespace = this.namespaces.get(this.keyOf(account, name))
    return namespace && namespaceInfoOf(namespace.name, namespace.createdAt, namespace.ttlSeconds)
  }

  deleteNamespace(account: string, name: string): void {
    this.namespaces.delete(this.keyOf(account, name))
  }

  listNamespaces(account: string, from: string | undefined, limit: number): Slice<NamespaceInfo> {
    const own = [...this.namespaces.values()].filter((namespace) => namespace.account === account)
    return this.slice(
      own,
      ({ name }) => name,
      ({ name, createdAt, ttlSeconds }) => namespaceInfoOf(name, createdAt, ttlSeconds),
      from,
      limit,
    )
  }

  listAccounts(from: string | undefined, limit: number): Slice<string> {
    const accounts = new Set([...this.namespaces.values()].map(({ account }) => account))
    return this.slice(
      [...accounts],
      (id) => id,
      (id) => id,
      from,
      limit,
    )
  }

  patch(address: AddressKey, request: PatchRequest, rules: StoreRules): PatchOutcome {
    this.mustExist(address, rules)
    const before = this.find(address, rules)
    const { expected, ttlSeconds } = request
    if (expected !== undefined) {
      const current = this.pick(before, expected.names)
      if (!conditionHolds(expected, current)) return current
    }
    const properties = this.merge(new Map(before?.properties), request)
    this.measure(address, properties, rules)
    const namespace = this.begin(address.account, address.namespace, rules)
    this.live(namespace, address, properties, {
      before: before?.life,
      propertiesBefore: before?.properties.size ?? 0,
      propertiesAfter: properties.size,
      statedTtl: ttlSeconds,
      namespaceTtl: namespace.ttlSeconds,
      now: this.time(rules),
    })
    return undefined
  }

  readProperty(address: AddressKey, name: string, rules: StoreRules): JsonValue | undefined {
    this.mustExist(address, rules)
    return Object.entries(this.pick(this.find(address, rules), [name]))[0]?.[1]
  }

  readProperties(address: AddressKey, names: readonly string[] | undefined, rules: StoreRules): Properties {
    this.mustExist(address, rules)
    const session = this.find(address, rules)
    return this.pick(session, names ?? [...(session?.properties.keys() ?? [])])
  }

  deleteProperties(address: AddressKey, names: readonly string[], rules: StoreRules): void {
    const session = this.find(address, rules)
    if (session === undefined) return
    const before = session.properties.size
    for (const name of names) session.properties.delete(name)
    if (before > 0 && session.properties.size === 0) this.clearSession(address, rules)
  }

  clearSession(address: AddressKey, _rules: StoreRules): void {
    this.sessionsOf(address)?.delete(this.keyOf(address.session))
  }

  sessionInfo(address: AddressKey, rules: StoreRules): SessionInfo | undefined {
    this.mustExist(address, rules)
    const session = this.find(address, rules)
    return session && sessionInfoOf(session.id, session.life)
  }

  listSessions(
    account: string,
    namespace: string,
    from: string | undefined,
    limit: number,
    rules: StoreRules,
  ): Slice<SessionInfo> {
    this.mustExist({ account, namespace }, rules)
    const all = [...(this.sessionsOf({ account, namespace })?.values() ?? [])]
    const there = all.filter(({ life }) => !this.isOver(life, rules))
    return this.slice(
      there,
      ({ id }) => id,
      ({ id, life }) => sessionInfoOf(id, life),
      from,
      limit,
    )
  }

  reclaim(_rules: StoreRules): void {}

  close(): void {}

  keyOf(...parts: string[]): string {
    return JSON.stringify(parts)
  }

  time(rules: StoreRules): number {
    return timeOf(rules)
  }

  begin(account: string, name: string, rules: StoreRules): PlainNamespace {
    const key = this.keyOf(account, name)
    const fresh = { account, name, createdAt: this.time(rules), ttlSeconds: 0, sessions: new Map() }
    const namespace = this.namespaces.get(key) ?? fresh
    this.namespaces.set(key, namespace)
    return namespace
  }

  mustExist({ account, namespace }: Pick<AddressKey, 'account' | 'namespace'>, rules: StoreRules): void {
    if (rules.explicitNamespaces && !this.namespaces.has(this.keyOf(account, namespace))) {
      throw namespaceNotFound(account, namespace)
    }
  }

  sessionsOf({
    account,
    namespace,
  }: Pick<AddressKey, 'account' | 'namespace'>): Map<string, PlainSession> | undefined {
    return this.namespaces.get(this.keyOf(account, namespace))?.sessions
  }

  find(address: AddressKey, rules: StoreRules): PlainSession | undefined {
    const session = this.sessionsOf(address)?.get(this.keyOf(address.session))
    return session === undefined || this.isOver(session.life, rules) ? undefined : session
  }

  isOver(life: SessionLife, rules: StoreRules): boolean {
    return isExpired(life.expiresAt, this.time(rules))
  }

  merge(properties: Map<string, JsonValue>, { changes }: PatchRequest): Map<string, JsonValue> {
    changes.names.forEach((name) => {
      const value = changes.values[name] ?? null
      if (value === absent) properties.delete(name)
      else properties.set(name, value)
    })
    return properties
  }

  measure(address: AddressKey, properties: Map<string, JsonValue>, rules: StoreRules): void {
    checkSize(address, JSON.stringify(Object.fromEntries(properties)).length, properties.size, rules)
  }

  live(
    namespace: PlainNamespace,
    address: AddressKey,
    properties: Map<string, JsonValue>,
    event: LifeEvent,
  ): void {
    const key = this.keyOf(address.session)
    const life = nextLife(event)
    if (life === undefined) namespace.sessions.delete(key)
    else namespace.sessions.set(key, { id: address.session, life, properties })
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

  /** In the order of the names, so that what goes or comes meanwhile moves nothing. */
  slice<T, I>(
    all: T[],
    nameOf: (one: T) => string,
    itemOf: (one: T) => I,
    from: string | undefined,
    limit: number,
  ): Slice<I> {
    const rest = all
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
      .filter((one) => from === undefined || nameOf(one) > from)
    const last = rest[limit - 1]
    const next = last !== undefined && rest.length > limit ? nameOf(last) : undefined
    return { items: rest.slice(0, limit).map(itemOf), next }
  }
}
