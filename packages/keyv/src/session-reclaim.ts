import { type CheckedAddress, isExpired, listedLength, type StoreRules } from '@context-store/core/adapter'
import { allEnded } from './all-ended.ts'
import type { KeyvNamespaces } from './keyv-namespaces.ts'
import { lengthOf, withRecords } from './record-listing.ts'
import { type NamespaceGeneration, type SessionRecord, sessionOf } from './records.ts'

/** How many sessions one sweep looks at, unless they are long: more than a store creates between two sweeps. */
const lookedAtOnce = 128

/** A sweep stops after this many characters: ten sessions of the default limit, when 8 writes make it due again. */
const readAtOnce = 2 * listedLength

/** How many sessions of a deleted namespace one step removes. */
const buriedAtOnce = 256

/** How many sweeps are skipped at most while they find nothing. */
const mostIdle = 15

type Place = Pick<CheckedAddress, 'account' | 'namespace'>

/**
 * Frees what is no longer visible: sessions of deleted namespaces, expired sessions, and names without a record.
 *
 * Each sweep starts at a random session of a random namespace, so that short-lived programs also free everything in the
 * long run: none has to know where the previous one stopped. Half of the sweeps are in the namespace that this store
 * wrote to last.
 */
export class SessionReclaim {
  /** The namespace that was written to last. */
  lastWritten: Place | undefined
  readonly #namespaces: KeyvNamespaces
  readonly #rules: StoreRules
  /** How many sweeps to skip after the last one: 0 if it freed something, otherwise more each time. */
  #idle = 0
  /** How many of them are still to be skipped. */
  #idleLeft = 0

  constructor(namespaces: KeyvNamespaces, rules: StoreRules) {
    this.#namespaces = namespaces
    this.#rules = rules
  }

  /** Takes one step; resolves to whether there is more to free. */
  async step(): Promise<boolean> {
    const isMoreLeft = await allEnded([this.#burySome(), this.#sweepSome()])
    return isMoreLeft.includes(true)
  }

  /** Removes up to `most` sessions of a deleted namespace, and its note with the last; resolves to whether any is left. */
  async bury(deleted: NamespaceGeneration, most: number): Promise<boolean> {
    const { index, keys } = this.#namespaces
    for (let removed = 0; removed < most; removed += lookedAtOnce) {
      const ids: string[] = []
      for await (const { name } of index.names(keys.sessions(deleted.generation), undefined)) {
        if (ids.push(name) === lookedAtOnce) break
      }
      await allEnded(ids.map((id) => this.#free(deleted, id, true)))
      if (ids.length === lookedAtOnce) continue
      await this.#namespaces.forgetDeleted(deleted)
      return false
    }
    return true
  }

  async #burySome(): Promise<boolean> {
    const deleted = await this.#namespaces.someDeleted()
    return deleted !== undefined && this.bury(deleted, buriedAtOnce)
  }

  async #sweepSome(): Promise<boolean> {
    if (this.#idleLeft > 0) {
      this.#idleLeft--
      return false
    }
    // No other sweep starts while this one runs.
    this.#idleLeft = mostIdle
    let freed = 0
    try {
      const place = await this.#somePlace()
      if (place !== undefined) freed = await this.#sweep(place)
      this.#idle = freed > 0 ? 0 : Math.min(mostIdle, 2 * this.#idle + 1)
    } finally {
      // After a failure, the next sweep tries again.
      this.#idleLeft = this.#idle
    }
    return freed > 0.25
  }

  async #somePlace(): Promise<Place | undefined> {
    const { index, keys } = this.#namespaces
    if (this.lastWritten !== undefined && Math.random() < 0.5) return this.lastWritten
    const account = await index.randomName(keys.accounts)
    if (account === undefined) return undefined
    // No namespace has the name '': it stands for an account without namespaces, which must be unlisted.
    return { account, namespace: (await index.randomName(keys.namespaces(account))) ?? '' }
  }

  /** Frees some expired sessions of a namespace; resolves to their share of those looked at. */
  async #sweep({ account, namespace }: Place): Promise<number> {
    const { calls, index, keys } = this.#namespaces
    const owner = await this.#namespaces.find(account, namespace)
    if (owner === undefined) {
      await this.#namespaces.forget(account, namespace)
      return 0
    }
    const names = index.namesFromRandom(keys.sessions(owner.generation))
    const keyOf = (id: string): string => keys.session(account, namespace, id)
    const { documentLength } = this.#rules.limits
    const over: string[] = []
    let looked = 0
    let length = 0
    for await (const record of withRecords(calls, names, keyOf, lookedAtOnce, documentLength)) {
      if (!this.#isAlive(record.value, owner, record.name)) over.push(record.name)
      length += lengthOf(record.value)
      if (++looked === lookedAtOnce || length >= readAtOnce) break
    }
    const freed = await allEnded(over.map((id) => this.#free(owner, id, false)))
    return freed.filter(Boolean).length / Math.max(1, looked)
  }

  /** Removes what is left of a session, unless it is alive once its lock is acquired: it may have just been created. */
  #free(owner: NamespaceGeneration, id: string, isDeleted: boolean): Promise<boolean> {
    const { calls, index, keys } = this.#namespaces
    const key = keys.session(owner.account, owner.name, id)
    return calls.locks.exclude(key, async () => {
      const value = await calls.read(key)
      if (!isDeleted && this.#isAlive(value, owner, id)) return false
      const session = readable(value, owner, id)
      // A record of another generation belongs to a namespace that was created later. A damaged one is removed.
      const isOwn = session === undefined ? value !== undefined : session.generation === owner.generation
      if (isOwn) await calls.remove(key)
      await index.remove(keys.sessions(owner.generation), id)
      return true
    })
  }

  /** Whether the value is an unexpired session of the generation; a damaged one counts too, so that reads report it. */
  #isAlive(value: unknown, owner: NamespaceGeneration, id: string): boolean {
    const session = readable(value, owner, id)
    if (session === undefined) return value !== undefined
    return session.generation === owner.generation && !isExpired(session.life.expiresAt, this.#rules.now())
  }
}

function readable(
  value: unknown,
  { account, name }: NamespaceGeneration,
  session: string,
): SessionRecord | undefined {
  try {
    return sessionOf(value, { account, namespace: name, session })
  } catch {
    return undefined
  }
}
