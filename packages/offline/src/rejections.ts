import { absent, ContextStoreError, InvalidValueError } from '@context-store/core'
import type { Slice } from '@context-store/core/adapter'
import type { RejectedWrite } from './offline-events.ts'
import type { Outbox, Place } from './outbox.ts'
import {
  dataPatch,
  isPending,
  keyOf,
  marksOf,
  type OutboxRecord,
  type RecordChanges,
  type Refusal,
  refusalsOf,
  unmarked,
  unmarkedLife,
} from './outbox-record.ts'
import type { SyncStatus } from './sync-status.ts'

/** The functions of the store that the methods of a rejected write use. */
interface RejectionCalls {
  /** Makes a call under the rules of the store's calls. */
  own<T>(call: () => Promise<T>): Promise<T>
  /** Called when a write became pending. */
  pending(place: Place): void
}

/** The writes that the remote store refuses permanently: they are kept here and not sent. */
export class Rejections {
  readonly #outbox: Outbox
  readonly #status: SyncStatus
  readonly #calls: RejectionCalls

  constructor(outbox: Outbox, status: SyncStatus, calls: RejectionCalls) {
    this.#outbox = outbox
    this.#status = status
    this.#calls = calls
  }

  /** Rejects properties, except those that were written since `sent` was read. */
  async setAside(place: Place, sent: OutboxRecord, names: readonly string[], why: Refusal): Promise<void> {
    const { code, message } = why
    let aside: readonly string[] = []
    const isDone = await this.#settled(place, (record) => {
      const changes: RecordChanges = names.length === 0 ? { ...unmarkedLife } : {}
      aside = names.filter((name) => record.unsent.get(name)?.stamp === sent.unsent.get(name)?.stamp)
      for (const name of aside) {
        changes[keyOf('unsent', name)] = absent
        changes[keyOf('sent', name)] = absent
        changes[keyOf('rejected', name)] = { code, message }
      }
      return changes
    })
    if (isDone) this.#status.tell({ type: 'rejected', write: this.#write(place, aside, why) })
  }

  /** A slice of the rejected writes. */
  async list(from: string | undefined, limit: number): Promise<Slice<RejectedWrite>> {
    const { items, next } = await this.#outbox.records(from, limit)
    return { items: items.flatMap(([place, record]) => this.#writesOf(place, record)), next }
  }

  /** The rejected writes of one session: one for all properties that were refused for the same reason. */
  #writesOf(place: Place, record: OutboxRecord): RejectedWrite[] {
    const groups = new Map<string, { why: Refusal; names: string[] }>()
    for (const [name, why] of refusalsOf(record)) {
      const key = JSON.stringify([why.code, why.message])
      const group = groups.get(key) ?? { why, names: [] }
      groups.set(key, group)
      group.names.push(name)
    }
    return [...groups.values()].map(({ why, names }) => this.#write(place, names, why))
  }

  #write(place: Place, names: readonly string[], why: Refusal): RejectedWrite {
    return Object.freeze({
      address: place.session.address,
      names,
      error: errorOf(place, why),
      retry: () => this.#calls.own(() => this.#retry(place, names)),
      discard: () => this.#calls.own(() => this.#discard(place, names)),
    })
  }

  async #retry(place: Place, names: readonly string[]): Promise<void> {
    const local = await this.#outbox.read(place.data, names)
    await this.#settled(place, (record) => {
      const again = names.filter((name) => refusalsOf(record).has(name))
      const written = again.filter((name) => Object.hasOwn(local, name))
      const deleted = again.filter((name) => !Object.hasOwn(local, name))
      if (again.length === 0) return {}
      const changes = marksOf(this.#outbox.stamp(), written, deleted, undefined)
      for (const name of again) changes[keyOf('rejected', name)] = absent
      return changes
    })
    this.#calls.pending(place)
  }

  async #discard(place: Place, names: readonly string[]): Promise<void> {
    const outbox = this.#outbox
    await this.#settled(
      place,
      (record) => {
        const given = names.filter((name) => refusalsOf(record).has(name))
        const isAll = !isPending(record) && record.rejected.size === given.length
        return isAll ? 'clear' : { ...unmarked(given), ...marksOf(outbox.stamp(), [], [], undefined) }
      },
      names,
    )
  }

  /** Changes a record depending on its content, again if a write came between; `given`: rejected properties to remove. */
  async #settled(
    place: Place,
    changesOf: (record: OutboxRecord) => RecordChanges | 'clear',
    given: readonly string[] = [],
  ): Promise<boolean> {
    const outbox = this.#outbox
    for (;;) {
      const record = await outbox.record(place)
      const removed = given.filter((name) => refusalsOf(record).has(name))
      const changes = changesOf(record)
      if (changes !== 'clear' && Object.keys(changes).length === 0) return false
      const request = dataPatch(Object.fromEntries(removed.map((name) => [name, absent])))
      const others =
        removed.length === 0
          ? []
          : [{ kind: 'patch', address: place.data, request } as const, outbox.forgetSeen(place)]
      if (!(await outbox.settle(place, record, changes, others))) continue
      const after = await outbox.record(place)
      this.#status.note(place, isPending(after), refusalsOf(after).size > 0)
      return true
    }
  }
}

function errorOf(place: Place, { code, message }: Refusal): ContextStoreError {
  const { address } = place.session
  if (code === 'invalid-value') return new InvalidValueError('', message, { address })
  return new ContextStoreError(code, message, { address })
}
