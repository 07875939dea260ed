import { type Account, absent, InvalidOptionError, type JsonValue } from '@context-store/core'
import { checkedOptions, idWithinLimit, storableJson } from '@context-store/core/bridge'
import type { Lock, QueueEntry, StateAdapter } from 'chat'
import { SegmentedLists } from './segmented-lists.ts'
import { hasEnded, timeToLive } from './time-to-live.ts'

/** Options of {@link chatSdkState}. */
export interface ChatSdkStateOptions {
  /**
   * Returns the time in milliseconds since 1970, for times to live that are not whole seconds. In tests that move the clock, pass the
   * same function to the store and here. Default: `Date.now`, looked up at each call so that fake timers work.
   */
  readonly now?: (() => number) | undefined
}

/**
 * Creates a state adapter that keeps the state of a Chat SDK bot in a context store: locks, cache, lists, queues and subscriptions,
 * shared by all processes that open the same store.
 *
 * It uses the namespaces `chat-subscriptions`, `chat-locks`, `chat-cache`, `chat-lists`, `chat-list-segments`, `chat-queues` and
 * `chat-queue-segments` of the account. `connect()` creates them, and rejects if the store does not answer. `disconnect()` deletes
 * nothing, and does not close the store. Every other method rejects with an `Error` before `connect()` and after `disconnect()`.
 * Otherwise methods reject with the store's errors (see `Session` of core), with a `TypeError` for a value that `JSON.stringify`
 * refuses, and with `InvalidOptionError` for a negative time to live, or one of 0 for a lock.
 *
 * @param account - where the state is kept. Close its store yourself. Bots that must not share state need different accounts
 * @throws `InvalidOptionError` if an option is unknown, or `now` is not a function
 * @see {@link https://chat-sdk.dev/docs/state-adapters} for the Chat SDK's side
 *
 * @example
 * ```ts
 * const store = sqliteStore({ path: 'bot.db' })
 * const bot = new Chat({ userName: 'shop', adapters: { slack }, state: chatSdkState(store.account('shop')) })
 * ```
 */
export function chatSdkState(account: Account, options?: ChatSdkStateOptions): StateAdapter {
  const { now = () => Date.now() } = checkedOptions(options, ['now'], 'chatSdkState')
  if (typeof now !== 'function')
    throw new InvalidOptionError('now: must be a function that returns milliseconds')
  return new ContextStoreState(account, now)
}

type Subscription = { subscribed: true }
type HeldLock = { token: string; endsAt?: number }
type CachedValue = { value: JsonValue; endsAt?: number }

/**
 * How long a queue is kept after the last enqueued entry has expired. The Chat SDK itself removes and logs expired entries, so they
 * need not disappear at once; and the clock of the process that enqueues may be behind the others'.
 */
const queueSpareMs = 3_600_000

class ContextStoreState implements StateAdapter {
  readonly #account: Account
  readonly #now: () => number
  readonly #lists: SegmentedLists
  readonly #queues: SegmentedLists
  #connected = false

  constructor(account: Account, now: () => number) {
    this.#account = account
    this.#now = now
    this.#lists = new SegmentedLists(
      account.namespace('chat-lists'),
      account.namespace('chat-list-segments'),
      now,
    )
    this.#queues = new SegmentedLists(
      account.namespace('chat-queues'),
      account.namespace('chat-queue-segments'),
      now,
    )
  }

  async connect(): Promise<void> {
    const names = ['subscriptions', 'locks', 'cache', 'lists', 'list-segments', 'queues', 'queue-segments']
    await Promise.all(names.map((name) => this.#account.namespace(`chat-${name}`).create()))
    this.#connected = true
  }

  async disconnect(): Promise<void> {
    this.#connected = false
  }

  async subscribe(threadId: string): Promise<void> {
    const subscription = await this.#session<Subscription>('subscriptions', threadId)
    await subscription.patch({ subscribed: true }, { ttlSeconds: 0 })
  }

  async unsubscribe(threadId: string): Promise<void> {
    await (await this.#session<Subscription>('subscriptions', threadId)).clear()
  }

  async isSubscribed(threadId: string): Promise<boolean> {
    return (await (await this.#session<Subscription>('subscriptions', threadId)).get('subscribed')) === true
  }

  async acquireLock(threadId: string, ttlMs: number): Promise<Lock | null> {
    const session = await this.#session<HeldLock>('locks', threadId)
    const { ttlSeconds, endsAt } = this.#lockTimeToLive(ttlMs)
    const lock = { threadId, token: crypto.randomUUID(), expiresAt: this.#now() + ttlMs }
    const after = await session.update(
      ['token', 'endsAt'],
      (held) => {
        const free = held.token === undefined || hasEnded(held.endsAt, this.#now())
        return free ? { token: lock.token, endsAt: endsAt ?? absent } : undefined
      },
      { ttlSeconds },
    )
    return after.token === lock.token ? lock : null
  }

  async extendLock(lock: Lock, ttlMs: number): Promise<boolean> {
    const session = await this.#session<HeldLock>('locks', lock.threadId)
    const { ttlSeconds, endsAt } = this.#lockTimeToLive(ttlMs)
    let held = false
    await session.update(
      ['token', 'endsAt'],
      (current) => {
        held = current.token === lock.token && !hasEnded(current.endsAt, this.#now())
        return held ? { endsAt: endsAt ?? absent } : undefined
      },
      { ttlSeconds },
    )
    return held
  }

  async releaseLock(lock: Lock): Promise<void> {
    await (await this.#session<HeldLock>('locks', lock.threadId)).clearIf({ token: lock.token })
  }

  async forceReleaseLock(threadId: string): Promise<void> {
    await (await this.#session<HeldLock>('locks', threadId)).clear()
  }

  async get<T = unknown>(key: string): Promise<T | null> {
    const session = await this.#session<CachedValue>('cache', key)
    const { value, endsAt } = await session.getMany(['value', 'endsAt'])
    return value === undefined || hasEnded(endsAt, this.#now()) ? null : (value as T)
  }

  async set<T = unknown>(key: string, value: T, ttlMs?: number): Promise<void> {
    const session = await this.#session<CachedValue>('cache', key)
    const { ttlSeconds, endsAt } = timeToLive(ttlMs, this.#now())
    await session.patch({ value: stored(value), endsAt: endsAt ?? absent }, { ttlSeconds })
  }

  async setIfNotExists(key: string, value: unknown, ttlMs?: number): Promise<boolean> {
    const session = await this.#session<CachedValue>('cache', key)
    const { ttlSeconds, endsAt } = timeToLive(ttlMs, this.#now())
    const json = stored(value)
    let isNew = false
    await session.update(
      ['value', 'endsAt'],
      (current) => {
        isNew = current.value === undefined || hasEnded(current.endsAt, this.#now())
        return isNew ? { value: json, endsAt: endsAt ?? absent } : undefined
      },
      { ttlSeconds },
    )
    return isNew
  }

  async delete(key: string): Promise<void> {
    await (await this.#session<CachedValue>('cache', key)).clear()
  }

  async appendToList(
    key: string,
    value: unknown,
    options: { maxLength?: number; ttlMs?: number } = {},
  ): Promise<void> {
    this.#checkConnected()
    await this.#lists.append(key, stored(value), options)
  }

  async getList<T = unknown>(key: string): Promise<T[]> {
    this.#checkConnected()
    return (await this.#lists.items(key)) as T[]
  }

  async enqueue(threadId: string, entry: QueueEntry, maxSize: number): Promise<number> {
    this.#checkConnected()
    const leftMs = Math.max(entry.expiresAt - this.#now(), 0) || 0
    const ttlMs = Math.ceil((leftMs + queueSpareMs) / 1000) * 1000
    return this.#queues.append(threadId, stored(entry), { maxLength: maxSize, ttlMs })
  }

  async dequeue(threadId: string): Promise<QueueEntry | null> {
    this.#checkConnected()
    // The JSON of what was passed to enqueue: the Chat SDK itself turns `message` into a Message.
    return ((await this.#queues.takeFirst(threadId)) ?? null) as QueueEntry | null
  }

  async queueDepth(threadId: string): Promise<number> {
    this.#checkConnected()
    return this.#queues.length(threadId)
  }

  async #session<P extends object>(namespace: string, id: string) {
    this.#checkConnected()
    return this.#account.namespace<P>(`chat-${namespace}`).session(await idWithinLimit(id))
  }

  /** In the store, a time to live of 0 would mean that the lock never expires. */
  #lockTimeToLive(ttlMs: number) {
    const life = timeToLive(ttlMs, this.#now())
    if (life.ttlSeconds === 0)
      throw new InvalidOptionError('ttlMs: the time to live of a lock must be greater than 0')
    return life
  }

  #checkConnected(): void {
    if (!this.#connected) throw new Error('The state is not connected. Call connect() first.')
  }
}

/** The JSON of a value; `null` if it has none (`undefined`, a function): the Chat SDK also reads `null` where there is no value. */
function stored(value: unknown): JsonValue {
  return storableJson(value) ?? null
}
