import type { JsonValue, NamespaceInfo, Properties, SessionInfo } from '@context-store/core'
import {
  type CheckedAddress,
  type Condition,
  type ListedSession,
  type ListRequest,
  type PatchRequest,
  type SessionListRequest,
  type Slice,
  type StorageAdapter,
  type StoreRules,
  sessionInfoOf,
  type WriteOutcome,
} from '@context-store/core/adapter'
import { ExpiredSessions } from './expired-sessions.ts'
import { SessionKeys } from './keys.ts'
import { Namespaces } from './namespaces.ts'
import type { RedisConnection } from './redis-connection.ts'
import { errorOf } from './redis-errors.ts'
import { scriptTime } from './script.ts'
import { SessionListing } from './session-listing.ts'
import { SessionPatches } from './session-patches.ts'
import { SessionReads } from './session-reads.ts'
import { SessionRemovals } from './session-removals.ts'
import { lifeOf, propertiesOf, propertyOf } from './session-text.ts'

/** Every so many reclaims, the store looks for unfinished deletions. */
const reclaimsBetweenDeletions = 64

/** The calls of the engine. A script that the server has lost, or a moving slot, can reorder them: core prevents this. */
export class RedisAdapter implements StorageAdapter {
  readonly timeoutMs: number
  readonly errorOf: NonNullable<StorageAdapter['errorOf']> = errorOf
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #rules: StoreRules
  readonly #namespaces: Namespaces
  readonly #expired: ExpiredSessions
  readonly #reads: SessionReads
  readonly #patches: SessionPatches
  readonly #removals: SessionRemovals
  readonly #listing: SessionListing
  #checking: Promise<void> | undefined
  #isChecked = false
  #reclaimsUntilDeletions = 0

  constructor(connection: RedisConnection, prefix: string, timeoutMs: number, rules: StoreRules) {
    this.timeoutMs = timeoutMs
    this.#connection = connection
    this.#prefix = prefix
    this.#rules = rules
    this.#namespaces = new Namespaces(connection, prefix, rules)
    this.#expired = new ExpiredSessions(connection, this.#namespaces, prefix)
    this.#reads = new SessionReads(connection, rules)
    this.#patches = new SessionPatches(connection, this.#namespaces, this.#expired, this.#reads, rules)
    this.#removals = new SessionRemovals(connection, this.#reads, rules)
    this.#listing = new SessionListing(connection, this.#reads, prefix, rules)
  }

  async ready(): Promise<void> {
    await this.#checkLayout()
    await this.#namespaces.checkEviction()
  }

  createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void> {
    return this.#call(() => this.#namespaces.create(account, namespace, ttlSeconds))
  }

  namespaceInfo(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    return this.#call(() => this.#namespaces.info(account, namespace))
  }

  deleteNamespace(account: string, namespace: string): Promise<void> {
    return this.#call(() => this.#namespaces.delete(account, namespace))
  }

  listNamespaces(account: string, request: ListRequest): Promise<Slice<NamespaceInfo>> {
    return this.#call(() => this.#namespaces.list(account, request))
  }

  listAccounts(request: ListRequest): Promise<Slice<string>> {
    return this.#call(() => this.#namespaces.listAccounts(request))
  }

  listSessions(
    account: string,
    namespace: string,
    request: SessionListRequest,
  ): Promise<Slice<ListedSession>> {
    return this.#call(() => this.#listing.list(account, namespace, request))
  }

  patch(address: CheckedAddress, request: PatchRequest): Promise<WriteOutcome> {
    const keys = this.#keysOf(address)
    this.#expired.wrote(keys)
    return this.#call(() => this.#patches.make(address, keys, request))
  }

  readProperty(address: CheckedAddress, name: string): Promise<JsonValue | undefined> {
    return this.#read(address).then((text) => (text === undefined ? undefined : propertyOf(text, name)))
  }

  readProperties(address: CheckedAddress, names: readonly string[] | undefined): Promise<Properties> {
    return this.#read(address).then((text) => (text === undefined ? {} : propertiesOf(text, names)))
  }

  sessionInfo(address: CheckedAddress): Promise<SessionInfo | undefined> {
    return this.#read(address).then((text) =>
      text === undefined ? undefined : sessionInfoOf(address.session, lifeOf(text)),
    )
  }

  deleteProperties(address: CheckedAddress, names: readonly string[]): Promise<void> {
    const keys = this.#keysOf(address)
    return this.#call(() => this.#removals.delete(keys, names))
  }

  clearSession(address: CheckedAddress, expected: Condition | undefined): Promise<WriteOutcome> {
    const keys = this.#keysOf(address)
    return this.#call(() => this.#removals.clear(keys, expected))
  }

  reclaim(): Promise<boolean> {
    return this.#call(async () => {
      if (this.#reclaimsUntilDeletions-- === 0) {
        const isMore = await this.#namespaces.continueDeletion()
        this.#reclaimsUntilDeletions = isMore ? 0 : reclaimsBetweenDeletions - 1
        if (isMore) return true
      }
      return this.#expired.reclaim(scriptTime(this.#rules))
    })
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  #read(address: CheckedAddress): Promise<string | undefined> {
    const keys = this.#keysOf(address)
    return this.#call(() => this.#reads.read(keys))
  }

  /** Makes a call; checks the layout before the first one. */
  #call<T>(make: () => Promise<T>): Promise<T> {
    if (this.#isChecked) return make()
    this.#checking ??= this.#checkLayout().finally(() => {
      this.#checking = undefined
    })
    return this.#checking.then(make)
  }

  async #checkLayout(): Promise<void> {
    await this.#namespaces.checkLayout()
    this.#isChecked = true
  }

  #keysOf(address: CheckedAddress): SessionKeys {
    const { memo } = address
    if (memo instanceof SessionKeys) return memo
    const keys = new SessionKeys(this.#prefix, address)
    address.memo = keys
    return keys
  }
}
