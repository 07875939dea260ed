import { type Properties, StoreUnavailableError } from '@context-store/core'
import { type BatchWrite, setOwn } from '@context-store/core/adapter'
import type { Outbox, Place } from './outbox.ts'
import {
  changesOf,
  dataPatch,
  isSame,
  orAbsent,
  type RecordChanges,
  unchanged,
  valueAt,
} from './outbox-record.ts'
import type { RemoteCalls } from './remote-calls.ts'
import type { SyncStatus } from './sync-status.ts'

/** How often a pull is attempted while writes or pushes change the same session. */
const mostAttempts = 8

/** Reads sessions from the remote store into the local one. */
export class Pulls {
  readonly #outbox: Outbox
  readonly #remote: RemoteCalls
  readonly #status: SyncStatus
  readonly #underWay = new Map<string, Promise<void>>()

  constructor(outbox: Outbox, remote: RemoteCalls, status: SyncStatus) {
    this.#outbox = outbox
    this.#remote = remote
    this.#status = status
  }

  /** Sets properties without unsent writes to their remote values; one pull at a time for each session. */
  pull(place: Place): Promise<void> {
    const before = this.#underWay.get(place.key)
    if (before !== undefined) return before
    const pulling = this.#pull(place).finally(() => this.#underWay.delete(place.key))
    this.#underWay.set(place.key, pulling)
    return pulling
  }

  async #pull(place: Place): Promise<void> {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      if (await this.#attempt(place)) return
    }
    throw new StoreUnavailableError('the session changed during each attempt to pull it: try again later', {
      address: place.session.address,
    })
  }

  /** Resolves to `false`, and changes nothing, if a write or push came between: the values read may be older than it. */
  async #attempt(place: Place): Promise<boolean> {
    const outbox = this.#outbox
    const { address } = place.session
    const [seen, record] = await Promise.all([outbox.seen(place), outbox.record(place)])
    const { deletions } = outbox
    const remote = await this.#remote.ask(
      (store) => store.session<Properties>(address).getAll() as Promise<Properties>,
    )
    const local = await outbox.read(place.data)
    const isClean = (name: string): boolean => !record.unsent.has(name) && !record.rejected.has(name)
    const changes: RecordChanges = {}
    for (const name of new Set([...Object.keys(local), ...Object.keys(remote)])) {
      const value = valueAt(remote, name)
      if (isClean(name) && !isSame(value, valueAt(local, name))) setOwn(changes, name, orAbsent(value))
    }
    const names = Object.keys(changes)
    const isEmpty = Object.keys(remote).length === 0 && names.length === Object.keys(local).length
    const data: BatchWrite = {
      kind: 'patch',
      address: place.data,
      request: dataPatch(changes),
    }
    // A namespace that was deleted in the meantime must not come back with values that were read before.
    if (outbox.deletions !== deletions) return false
    const refused = await outbox.batch(place.data, [
      // Fails after a write, which would have changed the record.
      { kind: 'delete', address: place.unsent, names: [], expected: changesOf(unchanged(record)) },
      outbox.noteRead(place, isEmpty, seen),
      ...(names.length > 0 ? [data] : []),
    ])
    if (refused !== undefined) return false
    place.isSeen = true
    if (names.length > 0) this.#status.tell({ type: 'pulled', address, names })
    return true
  }
}
