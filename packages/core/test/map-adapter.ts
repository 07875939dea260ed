import type { NamespaceInfo, Properties, SessionInfo } from '@context-store/core'
import {
  type CheckedAddress,
  type Condition,
  decideClear,
  decideDelete,
  decidePatch,
  isExpired,
  type ListedSession,
  type ListRequest,
  listedProperties,
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

/**
 * The required members of the port, over Maps. Each call is delayed by a microtask, so that calls could overtake one
 * another. Tests observe, hold or break single calls by overriding `call`.
 */
export class MapAdapter implements StorageAdapter {
  /** The calls that reached the engine, in order. */
  readonly calls: string[] = []
  readonly namespaces = new Map<string, { info: NamespaceInfo; sessions: Map<string, StoredSession> }>()
  readonly #rules: StoreRules

  constructor(rules: StoreRules) {
    this.#rules = rules
  }

  /** Makes a call of the engine. */
  async call<T>(name: string, work: () => T): Promise<T> {
    this.calls.push(name)
    await Promise.resolve()
    return work()
  }

  createNamespace(account: string, name: string, ttlSeconds: number | undefined): Promise<void> {
    return this.call(`create ${name}`, () => {
      const { info } = this.#namespace(account, name)
      if (ttlSeconds === undefined) return
      const sessions = this.#namespace(account, name).sessions
      const stated = namespaceInfoOf(name, info.createdAt.getTime(), ttlSeconds)
      this.namespaces.set(keyOf(account, name), { info: stated, sessions })
    })
  }

  deleteNamespace(account: string, name: string): Promise<void> {
    return this.call(`delete ${name}`, () => void this.namespaces.delete(keyOf(account, name)))
  }

  listAccounts({ from, limit }: ListRequest): Promise<Slice<string>> {
    return this.call('accounts', () => {
      const all = [...this.namespaces.keys()].map((key) => JSON.parse(key)[0] as string)
      return sliceOf([...new Set(all)], (id) => id, from, limit)
    })
  }

  listNamespaces(account: string, { from, limit }: ListRequest): Promise<Slice<NamespaceInfo>> {
    return this.call(`namespaces ${account}`, () => {
      const own = [...this.namespaces].filter(([key]) => JSON.parse(key)[0] === account)
      return sliceOf(
        own.map(([, { info }]) => info),
        ({ name }) => name,
        from,
        limit,
      )
    })
  }

  listSessions(account: string, name: string, request: SessionListRequest): Promise<Slice<ListedSession>> {
    return this.call(`sessions ${name}`, () => {
      const sessions = this.namespaces.get(keyOf(account, name))?.sessions ?? new Map<string, StoredSession>()
      const there = [...sessions].filter(([, { life }]) => !isExpired(life.expiresAt, this.#rules.now()))
      const { properties } = request
      const items = there.map(([session, { document, life }]): ListedSession => {
        const info: SessionInfo = sessionInfoOf(session, life)
        if (properties === undefined) return info
        return {
          ...info,
          properties: listedProperties({ account, namespace: name, session }, document, properties),
        }
      })
      return sliceOf(items, ({ id }) => id, request.from, request.limit)
    })
  }

  patch(address: CheckedAddress, request: PatchRequest): Promise<WriteOutcome> {
    return this.call(`patch ${address.session}`, () => this.patched(address, request))
  }

  /** Makes a patch, in one synchronous step. */
  patched(address: CheckedAddress, request: PatchRequest): WriteOutcome {
    const key = keyOf(address.account, address.namespace)
    const found = this.namespaces.get(key)
    const before = found?.sessions.get(address.session)
    const ttl = found && (found.info.ttlSeconds ?? 0)
    const decision = decidePatch(before, ttl, request, this.#rules, this.#rules.now())
    if (decision.action !== 'refuse') this.#namespace(address.account, address.namespace)
    return this.#carryOut(address, decision)
  }

  readProperties(address: CheckedAddress, names: readonly string[] | undefined): Promise<Properties> {
    return this.call(`read ${address.session}`, () => this.properties(address, names))
  }

  /** Reads properties, in one synchronous step. */
  properties(address: CheckedAddress, names: readonly string[] | undefined): Properties {
    const session = this.#session(address)
    if (session === undefined || isExpired(session.life.expiresAt, this.#rules.now())) return {}
    return readDocumentProperties(session.document, names)
  }

  deleteProperties(address: CheckedAddress, names: readonly string[]): Promise<void> {
    return this.call(`remove ${address.session}`, () => {
      this.#carryOut(address, decideDelete(this.#session(address), names, this.#rules.now()))
    })
  }

  clearSession(address: CheckedAddress, expected: Condition | undefined): Promise<WriteOutcome> {
    return this.call(`clear ${address.session}`, () =>
      this.#carryOut(address, decideClear(this.#session(address), expected, this.#rules.now())),
    )
  }

  close(): Promise<void> {
    return this.call('close', () => undefined)
  }

  #carryOut({ account, namespace, session }: CheckedAddress, decision: WriteDecision): WriteOutcome {
    if (decision.action === 'refuse') return decision.current
    const sessions = this.namespaces.get(keyOf(account, namespace))?.sessions
    if (decision.action === 'write') sessions?.set(session, decision)
    if (decision.action === 'end') sessions?.delete(session)
    return undefined
  }

  #session({ account, namespace, session }: CheckedAddress): StoredSession | undefined {
    return this.namespaces.get(keyOf(account, namespace))?.sessions.get(session)
  }

  #namespace(account: string, name: string): { info: NamespaceInfo; sessions: Map<string, StoredSession> } {
    const key = keyOf(account, name)
    const fresh = { info: namespaceInfoOf(name, this.#rules.now(), 0), sessions: new Map() }
    const namespace = this.namespaces.get(key) ?? fresh
    this.namespaces.set(key, namespace)
    return namespace
  }
}

function keyOf(account: string, name: string): string {
  return JSON.stringify([account, name])
}

/** Sorted by name, an order that does not change with the data. */
function sliceOf<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  from: string | undefined,
  limit: number,
): Slice<T> {
  const rest = [...all]
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .filter((item) => from === undefined || nameOf(item) > from)
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rest.length > limit && last !== undefined ? nameOf(last) : undefined }
}
