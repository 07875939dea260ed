import {
  absent,
  ConflictError,
  type ContextStore,
  ContextStoreError,
  type JsonValue,
  type NamespaceInfo,
  type Properties,
  type SessionInfo,
  StoreUnavailableError,
} from '@context-store/core'
import {
  type BatchWrite,
  type CheckedAddress,
  type Condition,
  KeyedLocks,
  type ListedSession,
  type ListRequest,
  type PatchRequest,
  type SessionListRequest,
  type Slice,
  type StorageAdapter,
  type WriteOutcome,
} from '@context-store/core/adapter'
import type { BackOff } from './back-off.ts'
import type { Outbox, Place } from './outbox.ts'
import {
  kept,
  keyOf,
  marksOf,
  type OutboxRecord,
  type RecordChanges,
  recordPatch,
  unchanged,
  valueAt,
} from './outbox-record.ts'
import type { Pulls } from './pulls.ts'
import { isForGood, type RemoteCalls } from './remote-calls.ts'
import type { Rounds } from './rounds.ts'

/** How long a call on a session that this device has never seen waits for the remote store, in milliseconds. */
const firstReadWaits = 2_000
/** How often a write is attempted while other writes change the same session. */
const mostAttempts = 128

/** Whether an offline store reads from the remote store, and what it keeps to find conflicts. */
export interface OfflineRules {
  /** Whether the first read of a session asks the remote store. */
  readonly pullsFirst: boolean
  /** Whether conflicts are detected, which needs the remote values that were known at the time of a write. */
  readonly keepsBase: boolean
}

/** The engine of an offline store: the local store and, in the same transaction, the record of what is unsent. */
export class OfflineAdapter implements StorageAdapter {
  readonly keepsOrder = true
  readonly #local: ContextStore
  readonly #outbox: Outbox
  readonly #remote: RemoteCalls
  readonly #rounds: Rounds
  readonly #pulls: Pulls
  readonly #backOff: BackOff
  readonly #rules: OfflineRules
  /** Locks of the sessions that have a pending call of several steps: later calls on them wait for it. */
  readonly #turns = new KeyedLocks()

  constructor(
    parts: {
      readonly local: ContextStore
      readonly outbox: Outbox
      readonly remote: RemoteCalls
      readonly rounds: Rounds
      readonly pulls: Pulls
      readonly backOff: BackOff
    },
    rules: OfflineRules,
  ) {
    this.#local = parts.local
    this.#outbox = parts.outbox
    this.#remote = parts.remote
    this.#rounds = parts.rounds
    this.#pulls = parts.pulls
    this.#backOff = parts.backOff
    this.#rules = rules
  }

  async ready(): Promise<void> {
    await this.#local.ready()
    await this.#rounds.count()
  }

  /** Noted first: a namespace that was created without a note would never reach the remote store. */
  async createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void> {
    await this.#outbox.noteNamespace(account, namespace, ttlSeconds)
    const options = ttlSeconds === undefined ? undefined : { ttlSeconds }
    await this.#local.account(account).namespace(namespace).create(options)
    this.#rounds.wake()
  }

  namespaceInfo(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    return this.#local.account(account).namespace(namespace).info()
  }

  /** Remote first: a deletion that is sent later would remove what others wrote in the meantime. */
  deleteNamespace(account: string, namespace: string): Promise<void> {
    return this.#rounds.alone(async () => {
      const outbox = this.#outbox
      try {
        await this.#remote.ask((store) => store.account(account).namespace(namespace).delete())
      } catch (cause) {
        const reason =
          'the namespace could not be deleted in the remote store, which comes first: see the cause'
        throw new StoreUnavailableError(reason, { cause })
      }
      outbox.deletions++
      await this.#local.account(account).namespace(namespace).delete()
      await outbox.forgetAllOf(account, namespace)
      outbox.deletions++
    })
  }

  async listAccounts(request: ListRequest): Promise<Slice<string>> {
    const { items, next } = await this.#outbox.engine.call({}, false, (engine) =>
      engine.listAccounts(request),
    )
    return { items: items.filter((account) => !this.#outbox.isOwnAccount(account)), next }
  }

  listNamespaces(account: string, request: ListRequest): Promise<Slice<NamespaceInfo>> {
    return this.#outbox.engine.call({ account }, false, (engine) => engine.listNamespaces(account, request))
  }

  listSessions(
    account: string,
    namespace: string,
    request: SessionListRequest,
  ): Promise<Slice<ListedSession>> {
    return this.#outbox.engine.call({ account, namespace }, false, (engine) =>
      engine.listSessions(account, namespace, request),
    )
  }

  patch(address: CheckedAddress, request: PatchRequest): Promise<WriteOutcome> {
    const place = this.#outbox.placeOf(address)
    const { keepsBase } = this.#rules
    const { changes, removes, expected, ttlSeconds } = request
    const { names, values } = changes
    const deleted = removes ? names.filter((name) => values[name] === absent) : []
    const written = removes ? names.filter((name) => values[name] !== absent) : names
    const write: BatchWrite = { kind: 'patch', address: place.data, request }
    const isLife = ttlSeconds !== undefined || names.length === 0
    return this.#inTurn(place, expected !== undefined, keepsBase, () =>
      keepsBase
        ? this.#writeGuarded(place, write, () => [written, deleted], isLife, ttlSeconds)
        : this.#write(place, write, written, deleted, isLife, ttlSeconds),
    )
  }

  async deleteProperties(address: CheckedAddress, names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const { keepsBase } = this.#rules
    const place = this.#outbox.placeOf(address)
    const write: BatchWrite = { kind: 'delete', address: place.data, names, expected: undefined }
    await this.#inTurn(place, false, keepsBase, () =>
      keepsBase
        ? this.#writeGuarded(place, write, () => [[], names])
        : this.#write(place, write, [], names, false, undefined),
    )
  }

  clearSession(address: CheckedAddress, expected: Condition | undefined): Promise<WriteOutcome> {
    const place = this.#outbox.placeOf(address)
    const write: BatchWrite = { kind: 'clear', address: place.data, expected }
    const known = ({ unsent, rejected }: OutboxRecord, local: Properties): Marked => [
      [],
      [...new Set([...Object.keys(local), ...unsent.keys(), ...rejected.keys()])],
    ]
    return this.#inTurn(place, expected !== undefined, true, () => this.#writeGuarded(place, write, known))
  }

  readProperties(address: CheckedAddress, names: readonly string[] | undefined): Promise<Properties> {
    const place = this.#outbox.placeOf(address)
    return this.#inTurn(place, true, false, () => this.#outbox.read(place.data, names))
  }

  readProperty(address: CheckedAddress, name: string): Promise<JsonValue | undefined> {
    const place = this.#outbox.placeOf(address)
    return this.#inTurn(place, true, false, () => place.session.get(name))
  }

  sessionInfo(address: CheckedAddress): Promise<SessionInfo | undefined> {
    const place = this.#outbox.placeOf(address)
    return this.#inTurn(place, true, false, () => place.session.info())
  }

  async close(): Promise<void> {
    await this.#rounds.stop()
    try {
      await this.#remote.close()
    } finally {
      await this.#local.close()
    }
  }

  /** Writes and marks the properties as unsent, in one batch that the engine decides alone. */
  async #write(
    place: Place,
    write: BatchWrite,
    written: readonly string[],
    deleted: readonly string[],
    isLife: boolean,
    seconds: number | undefined,
  ): Promise<WriteOutcome> {
    const stamp = this.#outbox.stamp()
    const marks = marksOf(stamp, written, deleted, isLife ? { stamp, seconds } : undefined)
    const refused = await this.#outbox.batch(place.data, [
      write,
      { kind: 'patch', address: place.unsent, request: recordPatch(marks) },
    ])
    if (refused !== undefined) return refused.current
    this.#rounds.wrote(place)
    return undefined
  }

  /** Like {@link #write}, for writes that need the session: it is read first, and again if others write meanwhile. */
  async #writeGuarded(
    place: Place,
    write: BatchWrite,
    marked: (record: OutboxRecord, local: Properties) => Marked,
    isLife = false,
    seconds?: number,
  ): Promise<WriteOutcome> {
    const outbox = this.#outbox
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const [record, local] = await Promise.all([outbox.record(place), outbox.read(place.data)])
      const [written, deleted] = marked(record, local)
      const names = [...written, ...deleted]
      if (names.length === 0 && !isLife) return (await outbox.batch(place.data, [write]))?.current
      const stamp = outbox.stamp()
      const marks = marksOf(stamp, written, deleted, isLife ? { stamp, seconds } : undefined)
      const fresh = names.filter((name) => !record.base.has(name))
      if (this.#rules.keepsBase) Object.assign(marks, basesOf(fresh, local))
      const refused = await outbox.batch(place.data, [
        outbox.guard(place, this.#rules.keepsBase ? fresh : [], local),
        write,
        { kind: 'patch', address: place.unsent, request: recordPatch(marks, unchanged(record)) },
      ])
      if (refused?.index === 1) return refused.current
      if (refused !== undefined) continue
      this.#rounds.wrote(place)
      return undefined
    }
    throw new ConflictError(`the session changed during each of ${mostAttempts} attempts: try again later`)
  }

  /**
   * Makes a call on a session in order. A call of one step is made at once, since the local store keeps the order; a call
   * of several steps, and every call after one, waits for the session's lock.
   *
   * @param asks - whether the call needs the state of the remote store
   */
  #inTurn<T>(place: Place, asks: boolean, isSeveral: boolean, work: () => Promise<T>): Promise<T> {
    const isFirst = asks && this.#rules.pullsFirst && !place.isSeen
    if (!isFirst && !isSeveral) {
      return this.#turns.isFree ? work() : this.#turns.share(place.key, work)
    }
    return this.#turns.exclude(place.key, async () => {
      if (isFirst) await this.#firstRead(place)
      return work()
    })
  }

  /** Reads a session that this device has never seen from the remote store, for a limited time. Ignores failures. */
  async #firstRead(place: Place): Promise<void> {
    if (this.#backOff.isWaiting || this.#remote.isStopped) return
    if ((await this.#outbox.seen(place)).at !== undefined) return
    const pulling = this.#pulls.pull(place).then(
      () => this.#backOff.reset(),
      (error) => {
        // A refusal of the remote store says nothing about the network.
        if (!ContextStoreError.is(error) || !isForGood(error)) this.#backOff.failed()
      },
    )
    await inTime(pulling, firstReadWaits)
  }
}

/** The names that are written, and those that are deleted. */
type Marked = readonly [readonly string[], readonly string[]]

function basesOf(names: readonly string[], local: Properties): RecordChanges {
  return Object.fromEntries(names.map((name) => [keyOf('base', name), kept(valueAt(local, name))]))
}

/** Waits for a promise, but no longer than `milliseconds`. */
async function inTime(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([promise, late])
  clearTimeout(timer)
}
