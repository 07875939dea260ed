import {
  absent,
  ConflictError,
  ContextStoreError,
  type JsonValue,
  type Properties,
  StoreUnavailableError,
} from '@context-store/core'
import { type BatchWrite, checkPatch, setOwn } from '@context-store/core/adapter'
import type { Conflict } from './offline-events.ts'
import type { Outbox, Place } from './outbox.ts'
import {
  asRead,
  dataPatch,
  isPending,
  isSame,
  kept,
  keyOf,
  type OutboxRecord,
  orAbsent,
  type RecordChanges,
  type Refusal,
  refusalsOf,
  unmarked,
  unmarkedLife,
  valueAt,
} from './outbox-record.ts'
import type { Rejections } from './rejections.ts'
import { isForGood, type RemoteCalls } from './remote-calls.ts'
import type { SyncStatus } from './sync-status.ts'

/** The option that decides a conflict. */
export type OnConflict = 'local' | 'remote' | ((conflict: Conflict) => JsonValue | typeof absent)

/** How often the push of a session is attempted while other writes change it. */
const mostAttempts = 32

/** The part of a session that is sent. */
interface Parcel {
  readonly names: readonly string[]
  /** Their new values. */
  readonly values: RecordChanges
  readonly record: OutboxRecord
  /** Whether the time to live is sent too. */
  readonly withLife: boolean
  /** The values in the remote store, if they were read. */
  readonly remote: Properties | undefined
}

/** A conflict and its decision. */
interface Decision {
  readonly conflict: Conflict
  readonly result: JsonValue | typeof absent
}

/** Whether the remote store already has the decided value. */
function isSettled({ conflict, result }: Decision): boolean {
  return isSame(result === absent ? undefined : result, conflict.remote)
}

/** Sends the unsent writes of a session, in smaller parts if the remote store refuses some permanently. */
export class Pushes {
  readonly #outbox: Outbox
  readonly #remote: RemoteCalls
  readonly #status: SyncStatus
  readonly #rejections: Rejections
  readonly #onConflict: OnConflict

  constructor(
    outbox: Outbox,
    remote: RemoteCalls,
    status: SyncStatus,
    rejections: Rejections,
    onConflict: OnConflict,
  ) {
    this.#outbox = outbox
    this.#remote = remote
    this.#status = status
    this.#rejections = rejections
    this.#onConflict = onConflict
  }

  /**
   * Sends the current unsent writes of a session; later writes stay unsent. Rejects if some could not be sent, but not if
   * the remote store refuses them permanently.
   *
   * @param mayGoOn - throws if this store must not send any more
   */
  async push(place: Place, mayGoOn: () => void): Promise<void> {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const record = await this.#note(place)
      if (!isPending(record)) return
      mayGoOn()
      if (await this.#pushOnce(place, record, mayGoOn)) {
        await this.#note(place)
        return
      }
    }
    throw new ConflictError('the session changed during each attempt to send it: it will be sent later')
  }

  /** Reads a session's record, and updates the status. */
  async #note(place: Place): Promise<OutboxRecord> {
    const record = await this.#outbox.record(place)
    this.#status.note(place, isPending(record), refusalsOf(record).size > 0)
    return record
  }

  /** Resolves to whether the whole record was sent or rejected; `false`: it has changed, and the push begins again. */
  async #pushOnce(place: Place, record: OutboxRecord, mayGoOn: () => void): Promise<boolean> {
    const names = [...record.unsent.keys()]
    const local = await this.#outbox.read(place.data, names)
    if (await this.#dropExpired(place, record, local)) return false
    let remote: Properties | undefined
    if (this.#onConflict !== 'local' && names.length > 0) {
      remote = await this.#remoteOf(place, names)
      if (await this.#merge(place, record, local, remote)) return false
    }
    const values: RecordChanges = {}
    for (const name of names) setOwn(values, name, orAbsent(valueAt(local, name)))
    return this.#sendAll(place, { names, values, record, withLife: true, remote }, mayGoOn)
  }

  #remoteOf(place: Place, names: readonly string[]): Promise<Properties> {
    return this.#remote.ask(
      (store) => store.session<Properties>(place.session.address).getMany(names) as Promise<Properties>,
    )
  }

  /** Forgets writes that have expired here before they were sent; resolves to whether there were any. */
  async #dropExpired(place: Place, record: OutboxRecord, local: Properties): Promise<boolean> {
    const names = [...record.unsent]
      .filter(([name, { isDeletion }]) => !isDeletion && !Object.hasOwn(local, name))
      .map(([name]) => name)
    const isOver = record.unsent.size === 0 && (await place.session.info()) === undefined
    if (names.length === 0 && !isOver) return false
    const isAll = names.length === record.unsent.size
    const changes = { ...unmarked(names), ...(isAll && unmarkedLife) }
    const isDone = await this.#outbox.settle(place, record, this.#orClear(record, names, isAll, changes))
    if (isDone && names.length > 0) this.#tell('expired', place, names)
    return true
  }

  /** Decides the conflicts; resolves to whether something changed here, so that the push begins again. */
  async #merge(place: Place, record: OutboxRecord, local: Properties, remote: Properties): Promise<boolean> {
    const conflicts = [...record.unsent.keys()]
      .map((name) => conflictOf(place, name, record, local, remote))
      .filter((conflict) => conflict !== undefined)
    if (conflicts.length === 0) return false
    const data: RecordChanges = {}
    const changes: RecordChanges = {}
    const results: Decision[] = []
    for (const conflict of conflicts) {
      const { name } = conflict
      try {
        const result = this.#decide(conflict)
        const decision: Decision = { conflict, result }
        setOwn(data, name, result)
        results.push(decision)
        if (isSettled(decision)) Object.assign(changes, unmarked([name]))
        else {
          // A new write, which is sent on the condition that the remote value is unchanged.
          const mark = this.#outbox.stamp()
          changes[keyOf('unsent', name)] = result === absent ? `-${mark}` : mark
          changes[keyOf('base', name)] = kept(conflict.remote)
          changes[keyOf('sent', name)] = absent
        }
      } catch (error) {
        await this.#rejections.setAside(place, record, [name], thrownError(error))
        return true
      }
    }
    const write: BatchWrite = { kind: 'patch', address: place.data, request: dataPatch(data) }
    let isDone = false
    try {
      const settled = results.filter(isSettled).map(({ conflict }) => conflict.name)
      const left = this.#orClear(record, settled, record.life === undefined, changes)
      isDone = await this.#outbox.settle(place, record, left, [write])
    } catch (error) {
      // The session would exceed a limit here.
      if (!ContextStoreError.is(error) || !isForGood(error)) throw error
      await this.#rejections.setAside(place, record, Object.keys(data), error)
    }
    if (isDone) for (const result of results) this.#status.tell({ type: 'conflict', ...result })
    return true
  }

  #decide(conflict: Conflict): JsonValue | typeof absent {
    if (typeof this.#onConflict !== 'function') return orAbsent(conflict.remote)
    const { rules } = this.#outbox.engine
    const result: unknown = this.#onConflict(conflict)
    if (result === absent) return absent
    const names = { idLength: rules.limits.idLength, noPathNames: undefined }
    const { changes } = checkPatch({ [conflict.name]: result }, undefined, undefined, rules, names)
    if (result === undefined) throw new TypeError('it returned undefined: return a value, or absent')
    return changes.values[conflict.name] as JsonValue
  }

  /** Sends a parcel; if it is refused permanently, sends its halves, until each property that is refused is alone. */
  async #sendAll(place: Place, parcel: Parcel, mayGoOn: () => void): Promise<boolean> {
    try {
      return await this.#send(place, parcel)
    } catch (error) {
      if (!ContextStoreError.is(error)) throw error
      await this.#takeBack(place, parcel, error)
      if (!isForGood(error)) throw error
      mayGoOn()
      const { names } = parcel
      if (names.length <= 1) {
        await this.#rejections.setAside(place, parcel.record, names, error)
        return true
      }
      const half = names.length >> 1
      const first = await this.#sendAll(place, { ...parcel, names: names.slice(0, half) }, mayGoOn)
      const others = { ...parcel, names: names.slice(half), withLife: false }
      return (await this.#sendAll(place, others, mayGoOn)) && first
    }
  }

  /** Resolves to whether the parcel was sent; `false` if the session has changed, here or in the remote store. */
  async #send(place: Place, parcel: Parcel): Promise<boolean> {
    const { names, values, record, remote } = parcel
    const removed = names.filter((name) => values[name] === absent)
    const written: RecordChanges = {}
    for (const name of names) if (values[name] !== absent) setOwn(written, name, values[name] as JsonValue)
    if (remote !== undefined && !(await this.#noteSent(place, record, names, values))) return false
    const { can } = this.#remote
    const life = parcel.withLife ? record.life : undefined
    const seconds = can.timeToLive ? life?.seconds : undefined
    const options = seconds === undefined ? undefined : { ttlSeconds: seconds }
    const isOneWrite = can.removals || removed.length === 0
    const patch: RecordChanges = { ...written }
    if (can.removals) for (const name of removed) setOwn(patch, name, absent)
    const isPatched = life !== undefined || Object.keys(patch).length > 0
    if (isPatched) {
      const isDone = await this.#remote.ask(async (store) => {
        const session = store.session<Properties>(place.session.address)
        if (remote === undefined || !can.conditions) {
          await session.patch(patch, options)
          return true
        }
        return (await session.patchIf(asRead(names, remote), patch, options)).ok
      })
      // Another writer changed the session since the remote store was read: the push begins again.
      if (!isDone) {
        await this.#forgetSent(place, names)
        return false
      }
    }
    if (!isOneWrite) {
      await this.#remote.ask((store) => store.session<Properties>(place.session.address).delete(removed))
    }
    await this.#acknowledge(place, parcel, life?.stamp)
    if (names.length > 0) this.#tell('pushed', place, names)
    return true
  }

  /** Notes what is being sent, so that it is recognized if the answer is lost; `false` if a write came between. */
  #noteSent(
    place: Place,
    record: OutboxRecord,
    names: readonly string[],
    values: RecordChanges,
  ): Promise<boolean> {
    const changes: RecordChanges = {}
    for (const name of names) changes[keyOf('sent', name)] = kept(values[name])
    return this.#outbox.settle(place, record, changes)
  }

  /** After an error whose outcome is that nothing was written, forgets what was being sent. */
  async #takeBack(place: Place, { names, remote }: Parcel, error: ContextStoreError): Promise<void> {
    if (remote !== undefined && error.outcome === 'not-applied') await this.#forgetSent(place, names)
  }

  async #forgetSent(place: Place, names: readonly string[]): Promise<void> {
    await this.#settled(place, (record) => {
      const changes: RecordChanges = {}
      for (const name of names) if (record.sent.has(name)) changes[keyOf('sent', name)] = absent
      return changes
    })
  }

  /** Notes that the remote store has the parcel; what was written since stays unsent. */
  async #acknowledge(
    place: Place,
    { names, values, record: sent, remote }: Parcel,
    life?: string,
  ): Promise<void> {
    const note = this.#outbox.notePush(place)
    await this.#settled(
      place,
      (record) => {
        const isLatest = (name: string): boolean =>
          record.unsent.get(name)?.stamp === sent.unsent.get(name)?.stamp
        const done = names.filter(isLatest)
        const changes = unmarked(done)
        for (const name of names) {
          if (isLatest(name)) continue
          changes[keyOf('sent', name)] = absent
          if (remote !== undefined) changes[keyOf('base', name)] = kept(values[name])
        }
        const isLifeSent = life !== undefined && record.life?.stamp === life
        if (isLifeSent) Object.assign(changes, unmarkedLife)
        const isLifeLeft = record.life !== undefined && !isLifeSent
        return this.#orClear(record, done, !isLifeLeft, changes)
      },
      [note],
    )
  }

  /** Changes a record depending on its content, again if a write came between. */
  async #settled(
    place: Place,
    changesOf: (record: OutboxRecord) => RecordChanges | 'clear',
    others: readonly BatchWrite[] = [],
  ): Promise<void> {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      if (this.#remote.isStopped) throw new StoreUnavailableError('the store is being closed')
      const record = await this.#outbox.record(place)
      if (await this.#outbox.settle(place, record, changesOf(record), others)) return
    }
    throw new ConflictError('the session changed during each attempt to note what was sent')
  }

  /** Clears the record if nothing is left in it, otherwise changes it. */
  #orClear(
    { unsent, rejected }: OutboxRecord,
    done: readonly string[],
    isLifeDone: boolean,
    changes: RecordChanges,
  ): RecordChanges | 'clear' {
    const gone = new Set(done)
    const isLeft = [...unsent.keys(), ...rejected.keys()].some((name) => !gone.has(name))
    return isLeft || !isLifeDone ? changes : 'clear'
  }

  #tell(type: 'pushed' | 'expired', place: Place, names: readonly string[]): void {
    this.#status.tell({ type, address: place.session.address, names })
  }
}

/** Whether both this device and another writer changed a property, since the remote value that this device knew. */
function conflictOf(
  place: Place,
  name: string,
  record: OutboxRecord,
  local: Properties,
  remote: Properties,
): Conflict | undefined {
  const now = valueAt(remote, name)
  const base = record.base.get(name)
  const here = valueAt(local, name)
  // Even if local and remote are equal: two writers may have counted to the same number.
  if (isSame(now, base)) return undefined
  // This device sent it, and the answer was lost.
  if (record.sent.has(name) && isSame(now, record.sent.get(name))) return undefined
  return { address: place.session.address, name, base, local: here, remote: now }
}

/** The error if `onConflict` threw, or returned an invalid value. */
function thrownError(cause: unknown): Refusal {
  const reason = ContextStoreError.is(cause) ? cause.message : String(cause)
  return { code: 'conflict', message: `onConflict did not decide: ${reason}` }
}
