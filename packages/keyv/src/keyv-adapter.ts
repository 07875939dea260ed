import type { NamespaceInfo, Properties, SessionInfo } from '@context-store/core'
import {
  type CheckedAddress,
  type Condition,
  decideClear,
  decideDelete,
  decidePatch,
  emptyDocument,
  isExpired,
  type ListedSession,
  type ListRequest,
  listedLength,
  listedProperties,
  namespaceInfoOf,
  type PatchRequest,
  readDocumentProperties,
  type SessionLife,
  type SessionListRequest,
  type Slice,
  type StorageAdapter,
  type StoreRules,
  sessionInfoOf,
  type WriteDecision,
  type WriteOutcome,
} from '@context-store/core/adapter'
import type { KeyvCalls } from './keyv-calls.ts'
import type { KeyvInstance } from './keyv-instance.ts'
import { KeyvNamespaces, leftToReclaim } from './keyv-namespaces.ts'
import type { NameIndex } from './name-index.ts'
import type { RecordKeys, SessionKeys } from './record-keys.ts'
import { sliceOf, withRecords } from './record-listing.ts'
import { type NamespaceRecord, namespaceOf, recordText, type SessionRecord, sessionOf } from './records.ts'
import { SessionReclaim } from './session-reclaim.ts'

/** How many sessions are removed together with their namespace; `reclaim` removes the rest. */
const buriedWithNamespace = 1000

/**
 * How long after the session's expiry Keyv's own expiry comes, in milliseconds. It only frees what has not been removed
 * otherwise, and clocks differ.
 */
const backstopMargin = 60_000

/** Some engines (memcached) interpret a longer time to live as an instant. */
const longestBackstop = 30 * 24 * 3600 * 1000

/** The stored records of a session, which may have expired. */
interface Found {
  readonly namespace: NamespaceRecord | undefined
  readonly session: SessionRecord | undefined
}

/** The engine: records in a Keyv. Calls are atomic by means of {@link KeyvCalls.locks}. */
export class KeyvAdapter implements StorageAdapter {
  readonly #rules: StoreRules
  readonly #keys: RecordKeys
  readonly #calls: KeyvCalls
  readonly #index: NameIndex
  readonly #namespaces: KeyvNamespaces
  readonly #reclaim: SessionReclaim

  constructor(keyv: KeyvInstance, rules: StoreRules) {
    this.#rules = rules
    this.#namespaces = new KeyvNamespaces(keyv)
    this.#calls = this.#namespaces.calls
    this.#index = this.#namespaces.index
    this.#keys = this.#namespaces.keys
    this.#reclaim = new SessionReclaim(this.#namespaces, rules)
  }

  async createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void> {
    // Between a patch's read of the namespace's time to live and its write, nothing may change that time.
    await this.#calls.locks.exclude(this.#keys.namespace(account, namespace), () =>
      this.#namespaces.begin(account, namespace, ttlSeconds, this.#rules.now()),
    )
  }

  async namespaceInfo(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    return infoOf(await this.#namespaces.find(account, namespace))
  }

  async deleteNamespace(account: string, namespace: string): Promise<void> {
    const deleted = await this.#calls.locks.exclude(this.#keys.namespace(account, namespace), () =>
      this.#namespaces.end(account, namespace),
    )
    if (deleted !== undefined) await this.#reclaim.bury(deleted, buriedWithNamespace).catch(leftToReclaim)
  }

  listNamespaces(account: string, { from, limit }: ListRequest): Promise<Slice<NamespaceInfo>> {
    const names = this.#index.names(this.#keys.namespaces(account), from)
    const keyOf = (name: string): string => this.#keys.namespace(account, name)
    const records = withRecords(this.#calls, names, keyOf, limit + 1, 1)
    return sliceOf(records, limit, (name, value) => infoOf(namespaceOf(value, account, name)))
  }

  listAccounts({ from, limit }: ListRequest): Promise<Slice<string>> {
    return sliceOf(this.#index.names(this.#keys.accounts, from), limit, (account) => account)
  }

  async listSessions(
    account: string,
    namespace: string,
    { from, limit, properties }: SessionListRequest,
  ): Promise<Slice<ListedSession>> {
    const now = this.#rules.now()
    const owner = await this.#namespaces.find(account, namespace)
    if (owner === undefined) return { items: [], next: undefined }
    const names = this.#index.names(this.#keys.sessions(owner.generation), from)
    const keyOf = (id: string): string => this.#keys.session(account, namespace, id)
    const { documentLength } = this.#rules.limits
    const records = withRecords(this.#calls, names, keyOf, limit + 1, documentLength)
    const show = (session: string, value: unknown): ListedSession | undefined => {
      const address = { account, namespace, session }
      const record = alive({ namespace: owner, session: sessionOf(value, address) }, now)
      if (record === undefined) return undefined
      const info = sessionInfoOf(session, record.life)
      if (properties === undefined) return info
      return { ...info, properties: listedProperties(address, record.document, properties) }
    }
    return sliceOf(records, limit, show, properties && listedLength)
  }

  patch(address: CheckedAddress, request: PatchRequest): Promise<WriteOutcome> {
    return this.#change(address, ({ namespace, session }, now) =>
      decidePatch(session, namespace?.ttlSeconds, request, this.#rules, now),
    )
  }

  async update(
    address: CheckedAddress,
    names: readonly string[],
    change: (current: Properties) => PatchRequest | undefined,
  ): Promise<void> {
    await this.#change(address, (found, now) => {
      const { namespace, session } = found
      const alive = isExpired(session?.life.expiresAt, now) ? undefined : session
      const request = change(readDocumentProperties(alive?.document ?? emptyDocument, names))
      if (request === undefined) return { action: 'keep' }
      return decidePatch(session, namespace?.ttlSeconds, request, this.#rules, now)
    })
  }

  async readProperties(address: CheckedAddress, names: readonly string[] | undefined): Promise<Properties> {
    const session = await this.#findAlive(address)
    return session === undefined ? {} : readDocumentProperties(session.document, names)
  }

  async sessionInfo(address: CheckedAddress): Promise<SessionInfo | undefined> {
    const session = await this.#findAlive(address)
    return session && sessionInfoOf(session.id, session.life)
  }

  async deleteProperties(address: CheckedAddress, names: readonly string[]): Promise<void> {
    await this.#change(address, ({ session }, now) => decideDelete(session, names, now))
  }

  clearSession(address: CheckedAddress, expected: Condition | undefined): Promise<WriteOutcome> {
    if (expected !== undefined) {
      return this.#change(address, ({ session }, now) => decideClear(session, expected, now))
    }
    return this.#inLock(address, async (keys) => {
      const { account, namespace: name } = address
      const [namespaceValue, value] = await this.#calls.readMany([keys.namespace, keys.session])
      const namespace = namespaceOf(namespaceValue, account, name)
      // The session's record is not parsed, so that a damaged one can be removed.
      if (namespace !== undefined && value !== undefined) await this.#end(address, keys, namespace)
      return undefined
    })
  }

  reclaim(): Promise<boolean> {
    return this.#reclaim.step()
  }

  /** Does nothing: the Keyv belongs to the caller, and stays open. */
  async close(): Promise<void> {}

  /** The namespace, and the session if it has the namespace's generation. */
  async #find(address: CheckedAddress): Promise<Found> {
    const keys = this.#keys.of(address)
    const [namespaceValue, value] = await this.#calls.readMany([keys.namespace, keys.session])
    const namespace = namespaceOf(namespaceValue, address.account, address.namespace)
    const session = namespace && sessionOf(value, address)
    return { namespace, session: session?.generation === namespace?.generation ? session : undefined }
  }

  async #findAlive(address: CheckedAddress): Promise<SessionRecord | undefined> {
    // Read before the record: by a later time, a session whose life another store has extended since could count as
    // expired.
    const now = this.#rules.now()
    return alive(await this.#find(address), now)
  }

  /** Reads, decides and writes atomically. */
  #change(
    address: CheckedAddress,
    decide: (found: Found, now: number) => WriteDecision,
  ): Promise<WriteOutcome> {
    return this.#inLock(address, async (keys) => {
      const found = await this.#find(address)
      const now = this.#rules.now()
      const decision = decide(found, now)
      if (decision.action === 'refuse') return decision.current
      if (decision.action === 'keep') return undefined
      const { account, namespace: name, session: id } = address
      const namespace = found.namespace ?? (await this.#namespaces.begin(account, name, undefined, now))
      if (decision.action === 'end') {
        if (found.session !== undefined) await this.#end(address, keys, namespace)
        return undefined
      }
      const { document, life } = decision
      const { generation } = namespace
      // Before the record, so that every session with a record is listed.
      if (found.session === undefined) await this.#index.add(this.#keys.sessions(generation), id)
      const text = recordText('session', { generation, id, ...life }, document)
      await this.#calls.write(keys.session, text, this.#backstopOf(life, now))
      return undefined
    })
  }

  /** Runs a write to a session, while no other store writes to it or deletes its namespace. */
  #inLock<T>(address: CheckedAddress, work: (keys: SessionKeys) => Promise<T>): Promise<T> {
    const keys = this.#keys.of(address)
    const { locks } = this.#calls
    this.#reclaim.lastWritten = address
    return locks.share(keys.namespace, () => locks.exclude(keys.session, () => work(keys)))
  }

  /** Removes a session; first the record, so that every session with a record is listed. */
  async #end({ session }: CheckedAddress, keys: SessionKeys, { generation }: NamespaceRecord): Promise<void> {
    await this.#calls.remove(keys.session)
    await this.#index.remove(this.#keys.sessions(generation), session).catch(leftToReclaim)
  }

  /** Keyv's own time to live for a session, in milliseconds; 0: none, also with the option `now`. */
  #backstopOf({ expiresAt }: SessionLife, now: number): number {
    if (this.#rules.hasOwnClock || expiresAt === undefined) return 0
    const span = expiresAt - now + backstopMargin
    return span > longestBackstop ? 0 : span
  }
}

function infoOf(record: NamespaceRecord | undefined): NamespaceInfo | undefined {
  return record && namespaceInfoOf(record.name, record.createdAt, record.ttlSeconds)
}

function alive({ namespace, session }: Found, now: number): SessionRecord | undefined {
  if (session === undefined || session.generation !== namespace?.generation) return undefined
  return isExpired(session.life.expiresAt, now) ? undefined : session
}
