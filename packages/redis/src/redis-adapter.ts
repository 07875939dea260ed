import {
  type AddressKey,
  type JsonValue,
  KeyedLocks,
  type NamespaceInfo,
  type PatchOutcome,
  type PatchRequest,
  type Properties,
  type SessionInfo,
  type Slice,
  type StorageAdapter,
  type StoreRules,
  sessionInfoOf,
} from '@context-store/core'
import { ExpiringBuckets } from './expiring-buckets.ts'
import { addressOf, namespacePart, SessionKeys } from './keys.ts'
import { Namespaces } from './namespaces.ts'
import type { RedisConnection } from './redis-connection.ts'
import { type Script, scriptTime } from './script.ts'
import { SessionListing } from './session-listing.ts'
import { SessionPatches } from './session-patches.ts'
import { SessionReads } from './session-reads.ts'
import { clearScript, deleteScript } from './session-scripts.ts'
import { lifeOf, propertiesOf, propertyOf, someOf } from './session-text.ts'

/** What calls on the whole store are queued under; no key of a session or a namespace is empty. */
const directory = ''

/** After how many reclaims it looks for deletions that somebody did not finish. */
const reclaimsBetweenDeletions = 64

/** The engine calls. Calls on one session, or one namespace, keep their order by waiting for one another here:
 * on the way, a forgotten script or a slot that moved could reorder them. */
export class RedisAdapter implements StorageAdapter {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #namespaces: Namespaces
  readonly #listing: SessionListing
  readonly #expiring: ExpiringBuckets
  readonly #reads: SessionReads
  readonly #locks = new KeyedLocks()
  #patches: SessionPatches | undefined
  #checking: Promise<void> | undefined
  #checked = false
  #reclaims = 0

  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
    this.#namespaces = new Namespaces(connection, prefix)
    this.#listing = new SessionListing(connection, prefix)
    this.#expiring = new ExpiringBuckets(connection, prefix)
    this.#reads = new SessionReads(connection, this.#namespaces)
  }

  async ready(): Promise<void> {
    await this.#namespaces.checkLayout()
    this.#checked = true
  }

  createNamespace(
    account: string,
    namespace: string,
    ttlSeconds: number | undefined,
    rules: StoreRules,
  ): Promise<void> {
    return this.#locks.exclude(namespacePart(account, namespace), async () => {
      await this.#start()
      await this.#namespaces.create(account, namespace, ttlSeconds, rules)
    })
  }

  namespaceInfo(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    return this.#locks.share(namespacePart(account, namespace), async () => {
      await this.#start()
      return this.#namespaces.info(account, namespace)
    })
  }

  deleteNamespace(account: string, namespace: string): Promise<void> {
    return this.#locks.exclude(namespacePart(account, namespace), async () => {
      await this.#start()
      await this.#namespaces.delete(account, namespace)
    })
  }

  listNamespaces(account: string, from: string | undefined, limit: number): Promise<Slice<NamespaceInfo>> {
    return this.#locks.share(directory, async () => {
      await this.#start()
      return this.#namespaces.list(account, from, limit)
    })
  }

  listAccounts(from: string | undefined, limit: number): Promise<Slice<string>> {
    return this.#locks.share(directory, async () => {
      await this.#start()
      return this.#namespaces.listAccounts(from, limit)
    })
  }

  patch(address: AddressKey, request: PatchRequest, rules: StoreRules): Promise<PatchOutcome> {
    const keys = this.#keysOf(address)
    this.#patches ??= new SessionPatches(this.#connection, this.#namespaces, this.#expiring, rules)
    const patches = this.#patches
    return this.#locks.exclude(keys.session, () =>
      this.#checked
        ? patches.make(address, keys, request)
        : this.#start().then(() => patches.make(address, keys, request)),
    )
  }

  readProperty(address: AddressKey, name: string, rules: StoreRules): Promise<JsonValue | undefined> {
    return this.#read(address, rules, (text) => (text === undefined ? undefined : propertyOf(text, name)))
  }

  readProperties(
    address: AddressKey,
    names: readonly string[] | undefined,
    rules: StoreRules,
  ): Promise<Properties> {
    return this.#read(address, rules, (text) => {
      if (text === undefined) return {}
      return names === undefined ? propertiesOf(text) : someOf(text, names)
    })
  }

  deleteProperties(address: AddressKey, names: readonly string[], rules: StoreRules): Promise<void> {
    const args = [scriptTime(rules), ...names.map((name) => JSON.stringify(name))]
    return this.#change(address, deleteScript, args)
  }

  clearSession(address: AddressKey): Promise<void> {
    return this.#change(address, clearScript, [])
  }

  sessionInfo(address: AddressKey, rules: StoreRules): Promise<SessionInfo | undefined> {
    return this.#read(address, rules, (text) =>
      text === undefined ? undefined : sessionInfoOf(address.session, lifeOf(text)),
    )
  }

  listSessions(
    account: string,
    namespace: string,
    from: string | undefined,
    limit: number,
    rules: StoreRules,
  ): Promise<Slice<SessionInfo>> {
    return this.#locks.share(namespacePart(account, namespace), async () => {
      await this.#start()
      const { slice, known } = await this.#listing.list(account, namespace, from, limit, scriptTime(rules))
      if (!known && rules.explicitNamespaces) await this.#namespaces.known(account, namespace, rules)
      return slice
    })
  }

  reclaim(rules: StoreRules): Promise<void> {
    return this.#locks.share(directory, async () => {
      if (this.#reclaims++ % reclaimsBetweenDeletions === 0) await this.#namespaces.finishDeletion()
      await this.#expiring.reclaim(scriptTime(rules))
    })
  }

  async close(): Promise<void> {
    await this.#locks.ended()
    this.#connection.close()
  }

  #read<T>(address: AddressKey, rules: StoreRules, take: (text: string | undefined) => T): Promise<T> {
    const keys = this.#keysOf(address)
    return this.#locks.share(keys.session, () =>
      this.#checked
        ? this.#reads.read(address, keys, rules, take)
        : this.#start().then(() => this.#reads.read(address, keys, rules, take)),
    )
  }

  #change(address: AddressKey, script: Script, args: readonly string[]): Promise<void> {
    const { record, session, index } = this.#keysOf(address)
    return this.#locks.exclude(session, async () => {
      if (!this.#checked) await this.#start()
      await this.#connection.run(script, [record, session, index], args, {
        isWrite: true,
        address: addressOf(address),
      })
    })
  }

  /** Looks at the layout before the first call of all. */
  #start(): Promise<void> {
    if (this.#checked) return Promise.resolve()
    this.#checking ??= this.ready().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  #keysOf(address: AddressKey): SessionKeys {
    const { memo } = address
    if (memo instanceof SessionKeys) return memo
    const keys = new SessionKeys(this.#prefix, address)
    address.memo = keys
    return keys
  }
}
