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

/** Where in a store a Keyv's entries are kept. */
export interface KeyvStorageOptions {
  /** The account that they belong to. */
  readonly account: string
  /**
   * What the names of the store's namespaces begin with, `keyv` if none: the entries of a Keyv without a namespace
   * are in `keyv`, those of the Keyv namespace `users` in `keyv:users`. Without a `:`.
   */
  readonly namespace?: string | undefined
}

/** An entry for {@link KeyvStorage.setMany}. */
export interface KeyvStorageEntry {
  /** The key, as Keyv gives it. */
  readonly key: string
  /** The value, as Keyv gives it. */
  readonly value: unknown
  /** Milliseconds to live; 0 or none: for ever. */
  readonly ttl?: number | undefined
}

/** A Keyv storage adapter over a store; what Keyv 5 asks of one. */
export interface KeyvStorage {
  /** What Keyv looks at. */
  readonly opts: { [name: string]: unknown }
  /** Keyv sets it to its own namespace. An adapter object is for one Keyv: the last one to set it counts. */
  namespace?: string | undefined
  /** The value of a key; `undefined`: there is none, or its time is over. */
  get<Value>(key: string): Promise<Value | undefined>
  /** The values of several keys. */
  getMany<Value>(keys: string[]): Promise<(Value | undefined)[]>
  /**
   * Sets a value, for `ttl` milliseconds; 0 or none: for ever, below 0: its time is over at once.
   *
   * @throws `InvalidValueError` for what JSON cannot say; Keyv's own serialization makes a string of everything
   */
  set(key: string, value: unknown, ttl?: number): Promise<boolean>
  /** Sets several values, each for itself. */
  setMany(entries: readonly KeyvStorageEntry[]): Promise<void>
  /** Removes a key; whether it was there. */
  delete(key: string): Promise<boolean>
  /** Removes several keys; whether any was there. */
  deleteMany(keys: string[]): Promise<boolean>
  /** Removes every key of the namespace, and nothing else. */
  clear(): Promise<void>
  /** Whether a key is there. */
  has(key: string): Promise<boolean>
  /** Which of several keys are there. */
  hasMany(keys: string[]): Promise<boolean[]>
  /** Every key with its value, a page of them at a time; under the rules of the store's listings. */
  iterator<Value>(namespace?: string): AsyncGenerator<[string, Awaited<Value>], void>
  /** Does nothing: the store is the caller's, and stays open. */
  disconnect(): Promise<void>
  /** Adds a listener: `error` tells of a failed `get`, which Keyv itself keeps to itself. */
  on(event: string, listener: (error: unknown) => void): KeyvStorage
  /** Removes a listener. */
  off(event: string, listener: (error: unknown) => void): KeyvStorage
}

/** The properties of the session that holds an entry. */
interface Entry {
  readonly value: JsonValue
  /** An instant in milliseconds; null: for ever. Whole seconds are all that a session's time to live can say. */
  readonly expiresAt: number | null
  /** As JSON, where the session's id is a digest of the key. */
  readonly key: string
}

/** The longest id that every store takes. */
const longestId = 512

/** Begins the ids that are digests; a key that begins with it becomes a digest too. */
const digestMark = '#'

/** The longest time to live of a session, in seconds. */
const longestTtl = 1e10

/**
 * A Keyv storage adapter over any store: what is written for Keyv runs on it.
 *
 * Each key is a session of its own. Each Keyv namespace is a namespace of the store, so that none meets another,
 * whatever the keys, and `clear()` deletes one namespace and nothing else. The store has to let patches begin
 * namespaces, as it does unless told otherwise.
 *
 * @throws `InvalidOptionError` for a `namespace` that cannot be
 * @example
 * ```ts
 * const users = new Keyv({ store: keyvStorage(store, { account: '577089' }), namespace: 'users' })
 * await users.set('42', { name: 'Ada' }, 60_000)
 * ```
 */
export function keyvStorage(store: ContextStore, options: KeyvStorageOptions): KeyvStorage {
  const { account, namespace = 'keyv' } = options
  if (typeof namespace !== 'string' || namespace === '' || namespace.includes(':')) {
    throw new InvalidOptionError('namespace: a name without a colon')
  }
  // So that an account that cannot be is told now.
  store.account(account)
  return new StoreAsKeyvStorage(store, account, namespace)
}

class StoreAsKeyvStorage implements KeyvStorage {
  /** Keyv 5 gives an iterator only to adapters of a dialect that it knows by name. */
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
    if (value === undefined) throw new InvalidValueError('value', 'is undefined: delete the key')
    const span = ttl === undefined || ttl === 0 || ttl === Number.POSITIVE_INFINITY ? undefined : ttl
    if (span !== undefined && !Number.isFinite(span)) throw new InvalidOptionError('ttl: milliseconds')
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
    const was = isThere(await session.get('expiresAt'))
    await session.clear()
    return was
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    const were = await Promise.all(keys.map((key) => this.delete(key)))
    return were.includes(true)
  }

  async clear(): Promise<void> {
    await this.#namespace(this.namespace).delete()
  }

  async has(key: string): Promise<boolean> {
    return isThere(await this.#session(key).get('expiresAt'))
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.has(key)))
  }

  async *iterator<Value>(
    namespace: string | undefined = this.namespace,
  ): AsyncGenerator<[string, Awaited<Value>], void> {
    const entries = this.#namespace(namespace)
    let cursor: string | undefined
    do {
      const page = await entries.listSessions({ cursor })
      const found = await Promise.all(page.items.map(({ id }) => entries.session(id).getAll()))
      for (const [index, { id }] of page.items.entries()) {
        const { value, expiresAt, key }: Partial<Entry> = found[index] ?? {}
        if (value === undefined || !isThere(expiresAt)) continue
        yield [key === undefined ? id : JSON.parse(key), asked<Awaited<Value>>(value)]
      }
      cursor = page.cursor
    } while (cursor !== undefined)
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
    if (!isThere(expiresAt)) return undefined
    if (stored !== undefined && stored !== JSON.stringify(key)) {
      throw new CorruptDataError('the entry is not as this adapter wrote it; it has been left as it is')
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

/** The session of a key: itself where that is an id that every store takes, else a digest of it. */
function idOf(key: string): string {
  if (key !== '' && key.length <= longestId && key.isWellFormed() && !key.startsWith(digestMark)) return key
  return digestMark + createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex')
}

/** What was set, as of the type that Keyv's caller says it is. */
function asked<Value>(value: unknown): Value {
  return value as Value
}

/** Whether an entry with that end is there. */
function isThere(expiresAt: number | null | undefined): boolean {
  return expiresAt === null || (expiresAt !== undefined && Date.now() < expiresAt)
}
