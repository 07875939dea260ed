import {
  type AddressKey,
  checkSize,
  compactLength,
  conditionHolds,
  countProperties,
  emptyDocument,
  isExpired,
  type JsonValue,
  type KeyedLocks,
  type NamespaceInfo,
  namespaceInfoOf,
  namespaceNotFound,
  namingCorrupt,
  nextLife,
  type PatchOutcome,
  type PatchRequest,
  type Properties,
  patchDocument,
  readDocumentProperties,
  readDocumentProperty,
  type SessionInfo,
  type SessionLife,
  type Slice,
  type StorageAdapter,
  type StoreRules,
  sessionInfoOf,
  timeOf,
  withoutProperties,
} from '@context-store/core'
import { KeyvCalls } from './keyv-calls.ts'
import type { KeyvInstance } from './keyv-instance.ts'
import { KeyvNamespaces } from './keyv-namespaces.ts'
import { KeyvTurns, type Place } from './keyv-turns.ts'
import { NameIndex } from './name-index.ts'
import { RecordKeys } from './record-keys.ts'
import { type NamespaceRecord, namespaceOf, type SessionRecord, sessionOf, sessionText } from './records.ts'
import { SessionReclaim } from './session-reclaim.ts'
import { locksOf } from './storage-locks.ts'

/** How many sessions go along with their namespace; `reclaim` removes the rest. */
const deletedAtOnce = 1000

/**
 * By how much Keyv's own time to live outlasts the session's, in milliseconds: it only frees what nobody came by to
 * remove, and clocks differ.
 */
const backstopMargin = 60_000

/** Some engines (memcached) take a longer time to live for an instant. */
const longestBackstop = 30 * 24 * 3600 * 1000

/** What is there of a session, be it expired. */
interface Found {
  readonly namespace: NamespaceRecord | undefined
  readonly session: SessionRecord | undefined
}

/** The engine: records in a Keyv. Each call is an atom for every store of this process over the same storage. */
export class KeyvAdapter implements StorageAdapter {
  readonly #locks: () => KeyedLocks
  readonly #keys: RecordKeys
  readonly #calls: KeyvCalls
  readonly #index: NameIndex
  readonly #namespaces: KeyvNamespaces
  readonly #reclaim: SessionReclaim
  readonly #turns: KeyvTurns

  constructor(keyv: KeyvInstance) {
    const locks = (): KeyedLocks => locksOf(keyv.store)
    this.#locks = locks
    this.#keys = new RecordKeys(keyv.namespace)
    this.#calls = new KeyvCalls(keyv)
    this.#index = new NameIndex(this.#calls, locks)
    this.#turns = new KeyvTurns(this.#keys, locks)
    this.#namespaces = new KeyvNamespaces(this.#calls, this.#index, this.#keys, locks)
    this.#reclaim = new SessionReclaim(this.#calls, this.#index, this.#namespaces, this.#keys, locks)
  }

  ready(): Promise<void> {
    return this.#turns.any(async () => {
      for await (const _ of this.#index.names(this.#keys.accounts, undefined)) return
    })
  }

  createNamespace(
    account: string,
    namespace: string,
    ttlSeconds: number | undefined,
    rules: StoreRules,
  ): Promise<void> {
    return this.#turns.ofNamespace(account, namespace, 'exclude', async () => {
      await this.#namespaces.begin(account, namespace, ttlSeconds, () => timeOf(rules))
    })
  }

  namespaceInfo(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    return this.#turns.ofNamespace(account, namespace, 'share', async () => {
      const record = await this.#namespaces.find(account, namespace)
      return record && namespaceInfoOf(record.name, record.createdAt, record.ttlSeconds)
    })
  }

  deleteNamespace(account: string, namespace: string): Promise<void> {
    return this.#turns.any(async () => {
      const deleted = await this.#locks().exclude(this.#keys.namespace(account, namespace), async () => {
        const ended = await this.#namespaces.end(account, namespace)
        if (ended !== undefined) await later(this.#namespaces.forget(account, namespace))
        return ended
      })
      if (deleted !== undefined) await later(this.#reclaim.bury(deleted, deletedAtOnce))
    })
  }

  listNamespaces(account: string, from: string | undefined, limit: number): Promise<Slice<NamespaceInfo>> {
    return this.#turns.any(() =>
      this.#index.slice(this.#keys.namespaces(account), from, limit, async (names) => {
        const values = await this.#calls.readMany(names.map((name) => this.#keys.namespace(account, name)))
        return names.map((name, index) => {
          const record = namespaceOf(values[index], account, name)
          return record && namespaceInfoOf(record.name, record.createdAt, record.ttlSeconds)
        })
      }),
    )
  }

  listAccounts(from: string | undefined, limit: number): Promise<Slice<string>> {
    return this.#turns.any(() => this.#index.slice(this.#keys.accounts, from, limit, async (names) => names))
  }

  patch(address: AddressKey, request: PatchRequest, rules: StoreRules): Promise<PatchOutcome> {
    return this.#turns.ofSession(address, 'exclude', async (place) => {
      const found = await this.#find(address, place, rules.explicitNamespaces)
      const now = timeOf(rules)
      const alive = isExpired(found.session?.life.expiresAt, now) ? undefined : found.session
      const before = alive?.document ?? emptyDocument
      const { changes, expected, ttlSeconds: statedTtl } = request
      if (expected !== undefined) {
        const current = readDocumentProperties(before, expected.names)
        if (!conditionHolds(expected, current)) return current
      }
      const after = patchDocument(before, changes)
      const propertiesAfter = countProperties(after)
      checkSize(address, compactLength(after), propertiesAfter, rules)

      const namespace =
        found.namespace ??
        (await this.#namespaces.begin(address.account, address.namespace, undefined, () => now))
      const life = nextLife({
        before: alive?.life,
        propertiesBefore: countProperties(before),
        propertiesAfter,
        statedTtl,
        namespaceTtl: namespace.ttlSeconds,
        now,
      })
      if (life === undefined) {
        if (found.session !== undefined) await this.#end(address, place, namespace)
        return undefined
      }
      if (found.session === undefined) {
        await this.#index.add(this.#keys.sessions(namespace.generation), address.session)
      }
      await this.#write(address, place, namespace, life, after, rules)
      return undefined
    })
  }

  readProperty(address: AddressKey, name: string, rules: StoreRules): Promise<JsonValue | undefined> {
    return this.#turns.ofSession(address, 'share', async (place) => {
      const session = await this.#alive(address, place, rules)
      return session && readDocumentProperty(session.document, name)
    })
  }

  readProperties(
    address: AddressKey,
    names: readonly string[] | undefined,
    rules: StoreRules,
  ): Promise<Properties> {
    return this.#turns.ofSession(address, 'share', async (place) => {
      const session = await this.#alive(address, place, rules)
      return session === undefined ? {} : readDocumentProperties(session.document, names)
    })
  }

  deleteProperties(address: AddressKey, names: readonly string[], rules: StoreRules): Promise<void> {
    return this.#turns.ofSession(address, 'exclude', async (place) => {
      const { namespace, session } = await this.#find(address, place, false)
      if (namespace === undefined || session === undefined) return
      const { document, life } = session
      if (isExpired(life.expiresAt, timeOf(rules))) return
      const after = withoutProperties(document, names)
      if (after === document) return
      if (after === emptyDocument) await this.#end(address, place, namespace)
      else await this.#write(address, place, namespace, life, after, rules)
    })
  }

  clearSession(address: AddressKey): Promise<void> {
    return this.#turns.ofSession(address, 'exclude', async (place) => {
      const [namespaceValue, value] = await this.#calls.readMany([place.namespace, place.session])
      const namespace = namespaceOf(namespaceValue, address.account, address.namespace)
      // Not read: this is also the way to be rid of one that is damaged.
      if (namespace !== undefined && value !== undefined) await this.#end(address, place, namespace)
    })
  }

  sessionInfo(address: AddressKey, rules: StoreRules): Promise<SessionInfo | undefined> {
    return this.#turns.ofSession(address, 'share', async (place) => {
      const session = await this.#alive(address, place, rules)
      return session && sessionInfoOf(session.id, session.life)
    })
  }

  listSessions(
    account: string,
    namespace: string,
    from: string | undefined,
    limit: number,
    rules: StoreRules,
  ): Promise<Slice<SessionInfo>> {
    return this.#turns.ofNamespace(account, namespace, 'share', async () => {
      const owner = await this.#namespaces.find(account, namespace)
      if (owner === undefined) {
        if (rules.explicitNamespaces) throw namespaceNotFound(account, namespace)
        return { items: [], next: undefined }
      }
      const { generation } = owner
      return this.#index.slice(this.#keys.sessions(generation), from, limit, async (ids) => {
        const values = await this.#calls.readMany(ids.map((id) => this.#keys.session(account, namespace, id)))
        const now = timeOf(rules)
        return ids.map((id, index) => {
          const session = sessionAt({ account, namespace, session: id }, values[index])
          const there = session?.generation === generation && !isExpired(session.life.expiresAt, now)
          return there ? sessionInfoOf(id, session.life) : undefined
        })
      })
    })
  }

  async reclaim(rules: StoreRules): Promise<void> {
    // The last writes that `close` waits for may ask for it.
    if (!this.#turns.ending) await this.#turns.any(() => this.#reclaim.step(rules))
  }

  /** The Keyv is the caller's, and stays open. */
  close(): Promise<void> {
    return this.#turns.end()
  }

  /** The namespace and the session, if it is one of this namespace's generation. */
  async #find(address: AddressKey, place: Place, mustExist: boolean): Promise<Found> {
    const { account, namespace: name } = address
    const values = await this.#calls.readMany([place.namespace, place.session])
    const namespace = namespaceOf(values[0], account, name)
    if (namespace === undefined) {
      if (mustExist) throw namespaceNotFound(account, name)
      return { namespace, session: undefined }
    }
    const session = sessionOf(values[1], address.session)
    return { namespace, session: session?.generation === namespace.generation ? session : undefined }
  }

  async #alive(address: AddressKey, place: Place, rules: StoreRules): Promise<SessionRecord | undefined> {
    const { session } = await this.#find(address, place, rules.explicitNamespaces)
    return isExpired(session?.life.expiresAt, timeOf(rules)) ? undefined : session
  }

  async #write(
    address: AddressKey,
    place: Place,
    { generation }: NamespaceRecord,
    life: SessionLife,
    document: string,
    rules: StoreRules,
  ): Promise<void> {
    this.#reclaim.noteLife(life)
    const text = sessionText({ generation, id: address.session, life, document })
    await this.#calls.write(place.session, text, backstopOf(life, rules))
  }

  /** Removes a session; first the record, so that what has one can be listed. */
  async #end(address: AddressKey, place: Place, { generation }: NamespaceRecord): Promise<void> {
    await this.#calls.remove(place.session)
    const removed = this.#index.remove(this.#keys.sessions(generation), address.session)
    await later(removed)
  }
}

/**
 * The effect of the call is there, whatever becomes of this: what it leaves is out of sight, and `reclaim` comes by.
 * An engine in trouble fails the next call.
 */
async function later(tidying: Promise<unknown>): Promise<void> {
  await tidying.catch(() => undefined)
}

/** Keyv's own time to live for a session, in milliseconds; 0: none. It knows nothing of a clock that was given. */
function backstopOf({ expiresAt }: SessionLife, rules: StoreRules): number {
  if (rules.now !== undefined || expiresAt === undefined) return 0
  const span = expiresAt - timeOf(rules) + backstopMargin
  return span > longestBackstop ? 0 : span
}

function sessionAt(address: Omit<AddressKey, 'memo'>, value: unknown): SessionRecord | undefined {
  try {
    return sessionOf(value, address.session)
  } catch (error) {
    throw namingCorrupt({ ...address, memo: undefined }, error)
  }
}
