import { createHash } from 'node:crypto'
import {
  absent,
  type ContextStore,
  CorruptDataError,
  InvalidOptionError,
  InvalidValueError,
  type JsonValue,
  type Namespace,
  type Session,
} from '@context-store/core'
import { checkedOptions } from '@context-store/core/adapter'

/** The options of {@link keyvStorage}: where in a store the entries of a Keyv are kept. */
export interface KeyvStorageOptions {
  /** The account that the entries belong to. */
  readonly account: string
  /**
   * The first part of the names of the store's namespaces, without a `:`; default `keyv`. The entries of a Keyv
   * without a namespace are in `keyv`, those of a Keyv with the namespace `users` in `keyv:users`.
   */
  readonly namespace?: string | undefined
}

/** An entry for {@link KeyvStorage.setMany}. */
export interface KeyvStorageEntry {
  /** The key, as Keyv passes it. */
  readonly key: string
  /** The value, as Keyv passes it. */
  readonly value: unknown
  /** The time to live in milliseconds; 0 or none: no expiry. */
  readonly ttl?: number | undefined
}

/** A Keyv storage adapter on a store, with the members that Keyv 5 expects. */
export interface KeyvStorage {
  /** Options that Keyv reads. */
  readonly opts: { [name: string]: unknown }
  /** Keyv sets it to its own namespace. Use an adapter object for one Keyv only: the last one to set it wins. */
  namespace?: string | undefined
  /** The value of a key; `undefined` if it does not exist or has expired. */
  get<Value>(key: string): Promise<Value | undefined>
  /** The values of several keys. */
  getMany<Value>(keys: string[]): Promise<(Value | undefined)[]>
  /**
   * Sets a value that expires after `ttl` milliseconds; 0 or none: never, below 0: at once.
   *
   * @throws `InvalidValueError` for a value that JSON would lose; Keyv's own serialization turns all into strings
   */
  set(key: string, value: unknown, ttl?: number): Promise<boolean>
  /** Sets several values, each on its own. */
  setMany(entries: readonly KeyvStorageEntry[]): Promise<void>
  /** Removes a key; returns whether it existed. */
  delete(key: string): Promise<boolean>
  /** Removes several keys; returns whether any existed. */
  deleteMany(keys: string[]): Promise<boolean>
  /** Removes every key of the namespace, and nothing else. */
  clear(): Promise<void>
  /** Whether a key exists. */
  has(key: string): Promise<boolean>
  /** Which of several keys exist. */
  hasMany(keys: string[]): Promise<boolean[]>
  /** Every key with its value, read a page at a time; as complete as the listings of the store. */
  iterator<Value>(namespace?: string): AsyncGenerator<[string, Awaited<Value>], void>
  /** Does nothing: the store belongs to the caller, and stays open. */
  disconnect(): Promise<void>
  /** Adds a listener: `error` reports a failed `get`, which Keyv itself does not report. */
  on(event: string, listener: (error: unknown) => void): KeyvStorage
  /** Removes a listener. */
  off(event: string, listener: (error: unknown) => void): KeyvStorage
}

/** The properties of the session that holds an entry. */
interface Entry {
  readonly value: JsonValue
  /** When the entry expires, in milliseconds; null: never. The time to live of a session is in whole seconds. */
  readonly expiresAt: number | null
  /** The key as JSON, if the session's id is a digest of it. */
  readonly key: string
}

/** The length of the longest id that every store accepts by default. */
const longestId = 512

/** Ids that start with this are digests; so a key that starts with it is replaced by its digest too. */
const digestMark = '#'

/** The longest time to live of a session, in seconds. */
const longestTtl = 1e10

/**
 * A Keyv storage adapter on any store, for code that is written for Keyv.
 *
 * Each key is a session. Each Keyv namespace is a namespace of the store, so that no two share an entry, whatever the
 * keys, and `clear()` deletes one namespace and nothing else. The store must create namespaces implicitly, which is the
 * default (`namespaces: 'implicit'`).
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @throws `InvalidAddressError` for an invalid account
 * @example
 * ```ts
 * const users = new Keyv({ store: keyvStorage(store, { account: '577089' }), namespace: 'users' })
 * await users.set('42', { name: 'Ada' }, 60_000)
 * ```
 */
export function keyvStorage(store: ContextStore, options: KeyvStorageOptions): KeyvStorage {
  if (typeof store?.account !== 'function') {
    throw new InvalidOptionError(
      'keyvStorage: the first argument must be a context store, such as memoryStore()',
    )
  }
  const { account, namespace = 'keyv' } = checkedOptions(options, ['account', 'namespace'], 'keyvStorage')
  if (account === undefined) {
    throw new InvalidOptionError('keyvStorage: the option account is required, as in { account: "577089" }')
  }
  if (typeof namespace !== 'string' || namespace === '' || namespace.includes(':')) {
    throw new InvalidOptionError('keyvStorage: namespace must be a non-empty string without a colon')
  }
  // Throws now if the account is invalid.
  store.account(account)
  return new StoreAsKeyvStorage(store, account, namespace)
}

class StoreAsKeyvStorage implements KeyvStorage {
  /** Keyv 5 offers an iterator only for adapters with one of the dialects that it knows. */
  readonly opts: { [name: string]: unknown } = { dialect: 'sqlite' }
  namespace: string | undefined = undefined
  readonly #store: ContextStore
  readonly #account: string
  readonly #name: string
  readonly #listeners = new Set<(error: unknown) => void>()

  constructor(store: ContextStore, account: string, name: string) {
    this.#store = store
    this.#account = account
    this.#name = name
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    try {
      return await this.#read<Value>(key)
    } catch (error) {
      for (const listener of this.#listeners) listener(error)
      throw error
    }
  }

  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    return Promise.all(keys.map((key) => this.#read<Value>(key)))
  }

  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    if (value === undefined) throw new InvalidValueError('value', 'is undefined: delete the key instead')
    const span = ttl === undefined || ttl === 0 || ttl === Number.POSITIVE_INFINITY ? undefined : ttl
    if (span !== undefined && !Number.isFinite(span)) {
      throw new InvalidOptionError('ttl: must be a number of milliseconds')
    }
    const session = this.#session(key)
    if (span !== undefined && span < 0) {
      await session.clear()
      return true
    }
    const seconds = Math.ceil((span ?? 0) / 1000)
    await session.patch(
      {
        value: value as JsonValue,
        expiresAt: span === undefined ? null : Date.now() + span,
        key: idOf(key) === key ? absent : JSON.stringify(key),
      },
      { ttlSeconds: seconds > longestTtl ? 0 : seconds },
    )
    return true
  }

  async setMany(entries: readonly KeyvStorageEntry[]): Promise<void> {
    await Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)))
  }

  async delete(key: string): Promise<boolean> {
    const session = this.#session(key)
    const existed = isAlive(await session.get('expiresAt'))
    await session.clear()
    return existed
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    const existed = await Promise.all(keys.map((key) => this.delete(key)))
    return existed.includes(true)
  }

  async clear(): Promise<void> {
    await this.#namespace(this.namespace).delete()
  }

  async has(key: string): Promise<boolean> {
    return isAlive(await this.#session(key).get('expiresAt'))
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.has(key)))
  }

  async *iterator<Value>(
    namespace: string | undefined = this.namespace,
  ): AsyncGenerator<[string, Awaited<Value>], void> {
    for await (const { id, properties } of this.#namespace(namespace).sessions({ properties: true })) {
      const { value, expiresAt, key } = properties
      if (value === undefined || !isAlive(expiresAt)) continue
      yield [key === undefined ? id : JSON.parse(key), asked<Awaited<Value>>(value)]
    }
  }

  async disconnect(): Promise<void> {}

  on(event: string, listener: (error: unknown) => void): this {
    if (event === 'error') this.#listeners.add(listener)
    return this
  }

  off(event: string, listener: (error: unknown) => void): this {
    if (event === 'error') this.#listeners.delete(listener)
    return this
  }

  async #read<Value>(key: string): Promise<Value | undefined> {
    const { value, expiresAt, key: stored } = await this.#session(key).getAll()
    if (!isAlive(expiresAt)) return undefined
    if (stored !== undefined && stored !== JSON.stringify(key)) {
      throw new CorruptDataError(
        'the entry was not written by this adapter, or is damaged; it has been left as it is',
      )
    }
    return asked<Value>(value)
  }

  #session(key: string): Session<Entry> {
    return this.#namespace(this.namespace).session(idOf(key))
  }

  #namespace(name: string | undefined): Namespace<Entry> {
    return this.#store
      .account(this.#account)
      .namespace(name === undefined || name === '' ? this.#name : `${this.#name}:${name}`)
  }
}

/** The id of a key's session: the key if every store accepts it as an id, otherwise a digest of it. */
function idOf(key: string): string {
  if (key !== '' && key.length <= longestId && key.isWellFormed() && !key.startsWith(digestMark)) return key
  return digestMark + createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex')
}

/** The value, with the type that the caller of Keyv states. */
function asked<Value>(value: unknown): Value {
  return value as Value
}

/** Whether an entry with this expiry exists. */
function isAlive(expiresAt: number | null | undefined): boolean {
  return expiresAt === null || (expiresAt !== undefined && Date.now() < expiresAt)
}
