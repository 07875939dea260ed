import {
  absent,
  type ContextStore,
  type JsonValue,
  type Properties,
  type Session,
  type SessionAddress,
} from '@context-store/core'
import {
  type BatchOutcome,
  type BatchWrite,
  type CheckedAddress,
  type EngineOfStore,
  engineOf,
  type PatchRequest,
  type Scope,
  type Slice,
} from '@context-store/core/adapter'
import type { OutboxRecord, RecordChanges } from './outbox-record.ts'
import { asRead, changesOf, readRecord, recordPatch, unchanged } from './outbox-record.ts'

/** No caller can use it: the id of an account has at least one character. */
const ownAccount = ''

/** The complete address of a session. */
type Named = { readonly [K in keyof SessionAddress]-?: string }

/** The parts of the outbox in the local store; each has a namespace for every namespace of the caller. */
type Part = 'unsent' | 'seen'

/** A session in the local store, and the addresses of its records in the outbox. */
export interface Place {
  readonly key: string
  readonly data: CheckedAddress
  /** Its handle in the local store. */
  readonly session: Session
  readonly unsent: CheckedAddress
  readonly seen: CheckedAddress
  /** Whether this device has read it from the remote store. */
  isSeen: boolean
}

/** When a session was last read from the remote store, and pushed. */
export interface Seen {
  /** When it was last read, in milliseconds; `undefined`: never. */
  readonly at: number | undefined
  /** The stamp of the last push. */
  readonly push: string | undefined
}

/** A namespace whose creation has not reached the remote store. */
export interface UnsentNamespace {
  readonly account: string
  readonly namespace: string
  readonly stamp: string
  readonly seconds: number | undefined
}

const namespaces = JSON.stringify(['namespaces'])
const pageSize = 256

/**
 * How long it is remembered that a session was read or pushed, in seconds; after that, it is read again. Thirty days, but
 * an hour for a session that did not exist, so that it does not take space for long.
 */
const [seenSeconds, emptySeconds] = [30 * 86_400, 3_600]

/** What the local store keeps besides the sessions: which properties are unsent, and when each session was read. */
export class Outbox {
  readonly engine: EngineOfStore
  /** How many deletions of namespaces have begun or ended. */
  deletions = 0
  readonly #local: ContextStore
  readonly #instance = randomName()
  #writes = 0

  constructor(local: ContextStore) {
    this.#local = local
    this.engine = engineOf(local)
  }

  /** A unique mark for a write. */
  stamp(): string {
    return this.#instance + (this.#writes++).toString(36)
  }

  /** The place of a session; always the same object for the same handle. */
  placeOf(address: CheckedAddress): Place {
    if (address.memo === undefined) address.memo = this.place(address)
    return address.memo as Place
  }

  place({ account, namespace, session }: Named): Place {
    const record = (part: Part): CheckedAddress => ({
      account: ownAccount,
      namespace: JSON.stringify([part, account, namespace]),
      session,
      memo: undefined,
    })
    return {
      key: JSON.stringify([account, namespace, session]),
      data: { account, namespace, session, memo: undefined },
      session: this.#local.session({ account, namespace, session }),
      unsent: record('unsent'),
      seen: record('seen'),
      isSeen: false,
    }
  }

  read(address: CheckedAddress, names?: readonly string[]): Promise<Properties> {
    return this.engine.call(address, false, (engine) => engine.readProperties(address, names))
  }

  async record(place: Place): Promise<OutboxRecord> {
    return readRecord(await this.read(place.unsent))
  }

  async seen(place: Place): Promise<Seen> {
    const { at, push } = await this.read(place.seen)
    if (at !== undefined) place.isSeen = true
    return { at: at as number | undefined, push: push as string | undefined }
  }

  /** Makes writes atomically; if one is refused, resolves to its index and the current values. */
  batch(scope: Scope, writes: readonly BatchWrite[]): Promise<BatchOutcome> {
    return this.engine.call<BatchOutcome>(scope, true, (engine) => engine.batch?.(writes))
  }

  /**
   * Changes a record, and with it the session, if no write has changed the record since it was read.
   *
   * @returns whether the record was changed
   */
  async settle(
    place: Place,
    record: OutboxRecord,
    changes: RecordChanges | 'clear',
    others: readonly BatchWrite[] = [],
  ): Promise<boolean> {
    const expected = unchanged(record)
    const address = place.unsent
    const own: BatchWrite =
      changes === 'clear'
        ? { kind: 'clear', address, expected: changesOf(expected) }
        : { kind: 'patch', address, request: recordPatch(changes, expected) }
    return (await this.batch(place.data, [own, ...others])) === undefined
  }

  /** The write that notes that a session was read; `isEmpty`: it did not exist. Refused if it was pushed meanwhile. */
  noteRead(place: Place, isEmpty: boolean, { push }: Seen): BatchWrite {
    const changes: RecordChanges = { at: this.engine.rules.now(), empty: isEmpty ? true : absent }
    const request = recordPatch(changes, { push: push ?? absent })
    return this.#noteSeen(place, { ...request, ttlSeconds: isEmpty ? emptySeconds : seenSeconds })
  }

  /** The write that notes that a session was pushed. */
  notePush(place: Place): BatchWrite {
    const request = recordPatch({ push: this.stamp(), empty: absent })
    return this.#noteSeen(place, { ...request, ttlSeconds: seenSeconds })
  }

  /** The write that forgets that a session was read, so that it is read again. */
  forgetSeen(place: Place): BatchWrite {
    place.isSeen = false
    const request = recordPatch({ at: absent, push: this.stamp() })
    return this.#noteSeen(place, { ...request, ttlSeconds: seenSeconds })
  }

  #noteSeen(place: Place, request: PatchRequest): BatchWrite {
    return { kind: 'patch', address: place.seen, request }
  }

  /** A write that only checks that a session's properties are as they were read. */
  guard(place: Place, names: Iterable<string>, found: Properties): BatchWrite {
    return { kind: 'delete', address: place.data, names: [], expected: changesOf(asRead(names, found)) }
  }

  /** A slice of the sessions that have a record, with their records. */
  records(from: string | undefined, limit?: number): Promise<Slice<[Place, OutboxRecord]>> {
    return this.#walk('unsent', from, limit, (place, stored) => [place, readRecord(stored)])
  }

  /** A slice of the sessions that were read or pushed, with the time of the read (0: never); only those that exist. */
  async seenSessions(from: string | undefined): Promise<Slice<[Place, number]>> {
    const { items, next } = await this.#walk('seen', from, undefined, (place, { at, empty }) => ({
      seen: [place, Number(at ?? 0)] as [Place, number],
      isEmpty: empty === true,
    }))
    return { items: items.filter(({ isEmpty }) => !isEmpty).map(({ seen }) => seen), next }
  }

  noteNamespace(account: string, namespace: string, seconds: number | undefined): Promise<BatchOutcome> {
    const address = namespaceRecord(account, namespace)
    const life: JsonValue[] = seconds === undefined ? [] : [seconds]
    const request = recordPatch({ stamp: this.stamp(), life })
    return this.batch({ account, namespace }, [{ kind: 'patch', address, request }])
  }

  /** Forgets the creation of a namespace; with a stamp, unless it was created again. */
  async forgetNamespace(account: string, namespace: string, stamp?: string): Promise<void> {
    const address = namespaceRecord(account, namespace)
    const expected = stamp === undefined ? undefined : changesOf({ stamp })
    await this.batch({ account, namespace }, [{ kind: 'clear', address, expected }])
  }

  async unsentNamespaces(): Promise<UnsentNamespace[]> {
    const found: UnsentNamespace[] = []
    for (let from: string | undefined, isFirst = true; isFirst || from !== undefined; isFirst = false) {
      const request = { from, limit: pageSize, properties: true as const }
      const slice = await this.engine.call({}, false, (engine) =>
        engine.listSessions(ownAccount, namespaces, request),
      )
      for (const { id, properties } of slice.items) {
        const [account, namespace] = JSON.parse(id) as [string, string]
        const { stamp, life } = properties ?? {}
        const [seconds] = life as number[]
        found.push({ account, namespace, stamp: String(stamp), seconds })
      }
      from = slice.next
    }
    return found
  }

  /** Removes all records of a namespace. */
  async forgetAllOf(account: string, namespace: string): Promise<void> {
    for (const part of ['unsent', 'seen'] satisfies Part[]) {
      const own = JSON.stringify([part, account, namespace])
      await this.engine.call({ account, namespace }, true, (engine) =>
        engine.deleteNamespace(ownAccount, own),
      )
    }
    await this.forgetNamespace(account, namespace)
  }

  /** The name of this local store, the same in all tabs and processes that have it open. */
  async storeName(): Promise<string> {
    const address = this.ownAddress('store')
    const name = randomName()
    const request = recordPatch({ name }, { name: absent })
    const refused = await this.batch({}, [{ kind: 'patch', address, request }])
    return String(refused?.current.name ?? name)
  }

  /** Whether an account belongs to the outbox; no listing shows it. */
  isOwnAccount(account: string): boolean {
    return account === ownAccount
  }

  /** The address of a record of the local store itself, shared by all that have it open. */
  ownAddress(name: string): CheckedAddress {
    return { account: ownAccount, namespace: JSON.stringify([name]), session: name, memo: undefined }
  }

  /** A slice of the sessions in all namespaces of one part: a page of one namespace at a time. */
  async #walk<T>(
    part: Part,
    cursor: string | undefined,
    limit = pageSize,
    show: (place: Place, stored: Properties) => T,
  ): Promise<Slice<T>> {
    const at = cursor === undefined ? {} : (JSON.parse(cursor) as { owner?: string; from?: string })
    const { items: owners, next: nextOwner } = await this.engine.call({}, false, (engine) =>
      engine.listNamespaces(ownAccount, { from: at.owner, limit: 1 }),
    )
    const [owner] = owners
    if (owner === undefined) return { items: [], next: undefined }
    const [kind, account, namespace] = JSON.parse(owner.name) as [string, string, string]
    const items: T[] = []
    let from: string | undefined
    if (kind === part) {
      const request = { from: at.from, limit, properties: true as const }
      const slice = await this.engine.call({}, false, (engine) =>
        engine.listSessions(ownAccount, owner.name, request),
      )
      for (const { id, properties } of slice.items) {
        items.push(show(this.place({ account, namespace, session: id }), properties ?? {}))
      }
      from = slice.next
    }
    if (from !== undefined) return { items, next: JSON.stringify({ owner: at.owner, from }) }
    return { items, next: nextOwner === undefined ? undefined : JSON.stringify({ owner: nextOwner }) }
  }
}

function namespaceRecord(account: string, namespace: string): CheckedAddress {
  return {
    account: ownAccount,
    namespace: namespaces,
    session: JSON.stringify([account, namespace]),
    memo: undefined,
  }
}

function randomName(): string {
  const words = globalThis.crypto.getRandomValues(new Uint32Array(2))
  return Array.from(words, (word) => word.toString(36).padStart(7, '0')).join('')
}
