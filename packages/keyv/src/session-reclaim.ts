import type { KeyedLocks } from '@context-store/core'
import { isExpired, type SessionLife, type StoreRules, timeOf } from '@context-store/core'
import type { KeyvCalls } from './keyv-calls.ts'
import type { DeletedNamespace, KeyvNamespaces } from './keyv-namespaces.ts'
import type { NameIndex } from './name-index.ts'
import type { RecordKeys } from './record-keys.ts'
import { type NamespaceRecord, type SessionRecord, sessionOf } from './records.ts'

/** How many sessions one step looks at: more than the writes between two steps can begin. */
const lookedAtOnce = 128

/** How many sessions of a deleted namespace one step removes. */
const buriedAtOnce = 256

/** Frees what is out of sight: the sessions of deleted namespaces, expired ones, and names without a record. */
export class SessionReclaim {
  readonly #calls: KeyvCalls
  readonly #index: NameIndex
  readonly #namespaces: KeyvNamespaces
  readonly #keys: RecordKeys
  readonly #locks: () => KeyedLocks
  #running = false
  #sweep: AsyncGenerator<number, void, undefined> | undefined
  /** Whether a session may be there that expires; until the first sweep nobody knows. */
  #mortal = true

  constructor(
    calls: KeyvCalls,
    index: NameIndex,
    namespaces: KeyvNamespaces,
    keys: RecordKeys,
    locks: () => KeyedLocks,
  ) {
    this.#calls = calls
    this.#index = index
    this.#namespaces = namespaces
    this.#keys = keys
    this.#locks = locks
  }

  /** Takes note of a session's life as it is written or found. */
  noteLife({ expiresAt }: SessionLife): void {
    if (expiresAt !== undefined) this.#mortal = true
  }

  /** A short step; the next one goes on where it ended. */
  async step(rules: StoreRules): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      const deleted = await this.#namespaces.firstDeleted()
      if (deleted !== undefined) await this.bury(deleted, buriedAtOnce)
      await this.#sweepSome(rules)
    } finally {
      this.#running = false
    }
  }

  /** Removes up to `most` sessions of a deleted namespace, and the note of it with the last. */
  async bury(deleted: DeletedNamespace, most: number): Promise<void> {
    const root = this.#keys.sessions(deleted.generation)
    for (let removed = 0; removed < most; removed += lookedAtOnce) {
      const ids: string[] = []
      for await (const { name } of this.#index.names(root, undefined)) {
        if (ids.push(name) === lookedAtOnce) break
      }
      await Promise.all(ids.map((id) => this.#buryOne(deleted, id)))
      await Promise.all(ids.map((id) => this.#index.remove(root, id)))
      if (ids.length === lookedAtOnce) continue
      await this.#namespaces.forgetDeleted(deleted)
      return
    }
  }

  #buryOne({ account, name, generation }: DeletedNamespace, id: string): Promise<void> {
    const key = this.#keys.session(account, name, id)
    return this.#locks().exclude(key, async () => {
      const value = await this.#calls.read(key)
      // A new session of that name may have begun in a new namespace. One that is damaged goes with the old.
      const session = readable(value, id)
      if (value !== undefined && (session === undefined || session.generation === generation)) {
        await this.#calls.remove(key)
      }
    })
  }

  async #sweepSome(rules: StoreRules): Promise<void> {
    if (this.#sweep === undefined) {
      if (!this.#mortal) return
      this.#mortal = false
      this.#sweep = this.#everySession(rules)
    }
    try {
      for (let looked = 0; looked < lookedAtOnce; ) {
        const { value, done } = await this.#sweep.next()
        if (done === true) {
          this.#sweep = undefined
          return
        }
        looked += value
      }
    } catch (error) {
      this.#sweep = undefined
      this.#mortal = true
      throw error
    }
  }

  /** Looks at all there is, and tells each time how much it looked at. */
  async *#everySession(rules: StoreRules): AsyncGenerator<number, void, undefined> {
    for await (const { name: account } of this.#index.names(this.#keys.accounts, undefined)) {
      for await (const { name } of this.#index.names(this.#keys.namespaces(account), undefined)) {
        const namespace = await this.#namespaces.find(account, name)
        if (namespace === undefined) await this.#namespaces.forget(account, name)
        else yield* this.#sessionsOf(namespace, rules)
        yield 1
      }
    }
  }

  async *#sessionsOf(namespace: NamespaceRecord, rules: StoreRules): AsyncGenerator<number, void, undefined> {
    const { account, name, generation } = namespace
    let ids: string[] = []
    const look = async (): Promise<number> => {
      const looked = ids
      ids = []
      const values = await this.#calls.readMany(looked.map((id) => this.#keys.session(account, name, id)))
      const over = looked.filter((id, index) => this.#isOver(values[index], id, generation, rules))
      await Promise.all(over.map((id) => this.#removeIfOver(namespace, id, rules)))
      return looked.length
    }
    for await (const { name: id } of this.#index.names(this.#keys.sessions(generation), undefined)) {
      if (ids.push(id) === lookedAtOnce) yield await look()
    }
    if (ids.length > 0) yield await look()
  }

  /** Looks once more in the session's turn: it may have been patched meanwhile. */
  #removeIfOver(
    { account, name, generation }: NamespaceRecord,
    id: string,
    rules: StoreRules,
  ): Promise<void> {
    const key = this.#keys.session(account, name, id)
    return this.#locks().share(this.#keys.namespace(account, name), () =>
      this.#locks().exclude(key, async () => {
        const value = await this.#calls.read(key)
        if (!this.#isOver(value, id, generation, rules)) return
        if (readable(value, id)?.generation === generation) await this.#calls.remove(key)
        await this.#index.remove(this.#keys.sessions(generation), id)
      }),
    )
  }

  /** Whether nothing of that generation is left; what is damaged is left to whoever reads it. */
  #isOver(value: unknown, id: string, generation: string, rules: StoreRules): boolean {
    const session = readable(value, id)
    if (session === undefined) return value === undefined
    if (session.generation !== generation) return true
    this.noteLife(session.life)
    return isExpired(session.life.expiresAt, timeOf(rules))
  }
}

function readable(value: unknown, id: string): SessionRecord | undefined {
  try {
    return sessionOf(value, id)
  } catch {
    return undefined
  }
}
