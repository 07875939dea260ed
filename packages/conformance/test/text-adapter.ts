import type { JsonValue, NamespaceInfo, Properties } from '@context-store/core'
import {
  type CheckedAddress,
  type Condition,
  decideClear,
  decideDelete,
  decidePatch,
  isExpired,
  type ListedSession,
  type ListRequest,
  listedLength,
  namespaceInfoOf,
  type PatchRequest,
  readDocumentProperties,
  type SessionListRequest,
  type Slice,
  type StorageAdapter,
  type StoredSession,
  type StoreRules,
  sessionInfoOf,
  type WriteDecision,
  type WriteOutcome,
} from '@context-store/core/adapter'

/** The traits and the speed of a text engine. */
export interface TextEngine {
  /** Whether it keeps the order of calls on a session, and declares so. */
  readonly keepsOrder: boolean
  /** Waits before a call takes effect. */
  arrive(): Promise<void>
}

interface TextNamespace {
  readonly createdAt: number
  ttlSeconds: number
  readonly sessions: Map<string, StoredSession>
}

/**
 * An asynchronous engine that keeps text, and checks a condition by comparing texts: one that holds is refused if the
 * members are in another order than stored, and core retries. It has none of the optional members.
 */
export class TextAdapter implements StorageAdapter {
  readonly keepsOrder: boolean
  readonly #rules: StoreRules
  readonly #engine: TextEngine
  readonly #accounts = new Map<string, Map<string, TextNamespace>>()

  constructor(rules: StoreRules, engine: TextEngine) {
    this.#rules = rules
    this.#engine = engine
    this.keepsOrder = engine.keepsOrder
  }

  async createNamespace(account: string, name: string, ttlSeconds: number | undefined): Promise<void> {
    await this.#engine.arrive()
    const namespace = this.#begin(account, name)
    namespace.ttlSeconds = ttlSeconds ?? namespace.ttlSeconds
  }

  async deleteNamespace(account: string, name: string): Promise<void> {
    await this.#engine.arrive()
    const namespaces = this.#accounts.get(account)
    namespaces?.delete(name)
    if (namespaces?.size === 0) this.#accounts.delete(account)
  }

  async listAccounts(request: ListRequest): Promise<Slice<string>> {
    await this.#engine.arrive()
    return slice([...this.#accounts.keys()], request, (id) => id)
  }

  async listNamespaces(account: string, request: ListRequest): Promise<Slice<NamespaceInfo>> {
    await this.#engine.arrive()
    const namespaces = this.#accounts.get(account) ?? new Map<string, TextNamespace>()
    return slice([...namespaces.keys()], request, (name) => {
      const { createdAt = 0, ttlSeconds = 0 } = namespaces.get(name) ?? {}
      return namespaceInfoOf(name, createdAt, ttlSeconds)
    })
  }

  async listSessions(
    account: string,
    name: string,
    request: SessionListRequest,
  ): Promise<Slice<ListedSession>> {
    await this.#engine.arrive()
    const now = this.#rules.now()
    const all = [...(this.#accounts.get(account)?.get(name)?.sessions ?? [])]
    const alive = new Map(all.filter(([, { life }]) => !isExpired(life.expiresAt, now)))
    let length = 0
    return slice(
      [...alive.keys()],
      request,
      (id) => {
        const { document, life } = alive.get(id) as StoredSession
        if (request.properties === undefined) return sessionInfoOf(id, life)
        length += document.length
        const names = request.properties === true ? undefined : request.properties
        return { ...sessionInfoOf(id, life), properties: readDocumentProperties(document, names) }
      },
      () => length >= listedLength,
    )
  }

  async patch(address: CheckedAddress, request: PatchRequest): Promise<WriteOutcome> {
    await this.#engine.arrive()
    const now = this.#rules.now()
    const namespace = this.#accounts.get(address.account)?.get(address.namespace)
    const before = namespace?.sessions.get(address.session)
    const decision = decidePatch(before, namespace?.ttlSeconds, request, this.#rules, now)
    const refused = this.#refusedByText(before, request.expected)
    if (decision.action !== 'refuse' && refused !== undefined) return refused
    if (decision.action !== 'refuse') this.#begin(address.account, address.namespace)
    return this.#carryOut(address, decision)
  }

  async readProperties(address: CheckedAddress, names: readonly string[] | undefined): Promise<Properties> {
    await this.#engine.arrive()
    const stored = this.#find(address)
    if (stored === undefined || isExpired(stored.life.expiresAt, this.#rules.now())) return {}
    return readDocumentProperties(stored.document, names)
  }

  async deleteProperties(address: CheckedAddress, names: readonly string[]): Promise<void> {
    await this.#engine.arrive()
    this.#carryOut(address, decideDelete(this.#find(address), names, this.#rules.now()))
  }

  async clearSession(address: CheckedAddress, expected: Condition | undefined): Promise<WriteOutcome> {
    await this.#engine.arrive()
    const before = this.#find(address)
    const decision = decideClear(before, expected, this.#rules.now())
    const refused = this.#refusedByText(before, expected)
    if (decision.action !== 'refuse' && refused !== undefined) return refused
    return this.#carryOut(address, decision)
  }

  async close(): Promise<void> {
    await this.#engine.arrive()
  }

  #begin(account: string, name: string): TextNamespace {
    const namespaces = this.#accounts.get(account) ?? new Map<string, TextNamespace>()
    this.#accounts.set(account, namespaces)
    const fresh = { createdAt: this.#rules.now(), ttlSeconds: 0, sessions: new Map() }
    const namespace = namespaces.get(name) ?? fresh
    namespaces.set(name, namespace)
    return namespace
  }

  #find({ account, namespace, session }: CheckedAddress): StoredSession | undefined {
    return this.#accounts.get(account)?.get(namespace)?.sessions.get(session)
  }

  #carryOut({ account, namespace, session }: CheckedAddress, decision: WriteDecision): WriteOutcome {
    if (decision.action === 'refuse') return decision.current
    const sessions = this.#accounts.get(account)?.get(namespace)?.sessions
    if (decision.action === 'end') sessions?.delete(session)
    if (decision.action === 'write') sessions?.set(session, decision)
    return undefined
  }

  /** The current expected properties, if their texts are not those of the condition. */
  #refusedByText(before: StoredSession | undefined, expected: Condition | undefined): WriteOutcome {
    if (expected === undefined || before === undefined) return undefined
    const current = readDocumentProperties(before.document, expected.names)
    const differs = expected.names.some((name) => {
      const value = expected.values[name]
      return typeof value !== 'symbol' && JSON.stringify(value) !== textOf(current, name)
    })
    return differs ? current : undefined
  }
}

function textOf(properties: Properties, name: string): string | undefined {
  const value: JsonValue | undefined = Object.hasOwn(properties, name) ? properties[name] : undefined
  return JSON.stringify(value)
}

function slice<I>(
  keys: string[],
  { from, limit }: ListRequest,
  itemOf: (key: string) => I,
  isFull: () => boolean = () => false,
): Slice<I> {
  const rest = keys.sort().filter((key) => from === undefined || key > from)
  const items: I[] = []
  for (const key of rest) {
    if (items.length === limit || isFull()) return { items, next: rest[items.length - 1] }
    items.push(itemOf(key))
  }
  return { items, next: undefined }
}
