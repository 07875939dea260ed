import {
  type Account,
  CorruptDataError,
  type Namespace,
  type Properties,
  type Session,
} from '@context-store/core'
import { idWithinLimit } from '@context-store/core/bridge'

/** The prefix of the threads' namespaces in the account. */
const prefix = 'thread:'
/** The prefix if the name would be too long and is hashed. */
const hashedPrefix = 'thread'
/** Sessions live this many times as long as their thread: reads use the thread's time to live, storage is freed by the sessions'. */
const timesTheLife = 3
/** The longest time to live that a store accepts. */
const longestLife = 10_000_000_000

/** The property that says to which life of the thread a session belongs; empty if the thread has no time to live. */
export type Life = { readonly life?: string }

/** A checkpoint in a listing. */
export interface FoundCheckpoint {
  readonly checkpointNamespace: string
  readonly checkpointId: string
  readonly properties: Partial<Properties>
}

/**
 * A thread: a namespace with a session for each checkpoint, one that names the newest checkpoint of each checkpoint namespace, and some
 * for the parts of long values.
 *
 * If a thread has a time to live, its session `life` has that time to live and holds a token, and every other session has the token that was
 * current when it was written. When `life` expires, sessions with its token are invisible at once, although their storage is freed later.
 * While a thread lives, the time to live of all its sessions is restarted each time that half of the thread's time to live has passed.
 */
export class Thread {
  readonly id: string
  readonly #namespace: Namespace
  readonly #ttlSeconds: number | undefined

  private constructor(id: string, namespace: Namespace, ttlSeconds: number | undefined) {
    this.id = id
    this.#namespace = namespace
    this.#ttlSeconds = ttlSeconds === 0 ? undefined : ttlSeconds
  }

  static async of(account: Account, id: string, ttlSeconds: number | undefined): Promise<Thread> {
    const name = await idWithinLimit(`${prefix}${id}`)
    return new Thread(
      id,
      account.namespace(name.startsWith(prefix) ? name : `${hashedPrefix}${name}`),
      ttlSeconds,
    )
  }

  /** The threads of an account; their ids are in the sessions that name their newest checkpoints. */
  static async *all(account: Account, ttlSeconds: number | undefined): AsyncGenerator<Thread> {
    for await (const { name } of account.namespaces()) {
      if (!name.startsWith(prefix) && !name.startsWith(`${hashedPrefix}#`)) continue
      const namespace = account.namespace(name)
      for await (const { properties } of namespace.sessions({ properties: ['thread', 'latest'] })) {
        if (typeof properties.thread !== 'string' || properties.latest === undefined) continue
        yield new Thread(properties.thread, namespace, ttlSeconds)
        break
      }
    }
  }

  /** Returns whether a session is visible, by the thread's time to live. Sessions that were written without one always are. */
  async sees(): Promise<(properties: Partial<Properties>) => boolean> {
    if (this.#ttlSeconds === undefined) return () => true
    const life = await this.#namespace.session('life').get('life')
    return (properties) => properties.life === undefined || properties.life === life
  }

  /** Creates the thread's life, or restarts its time to live. Each session written after this must contain the returned property. */
  async keepAlive(): Promise<Life> {
    if (this.#ttlSeconds === undefined) return {}
    const options = { ttlSeconds: this.#ttlSeconds }
    const { life } = await this.#namespace
      .session('life')
      .update(['life'], (current) => ({ life: current.life ?? crypto.randomUUID() }), options)
    if (typeof life !== 'string')
      throw new CorruptDataError('thread: this bridge did not write its session "life"')
    const kept = this.#namespace.session('kept')
    if ((await kept.get('life')) !== life) {
      await this.#keepSessions(life)
      await kept.patch({ life }, { ttlSeconds: Math.ceil(this.#ttlSeconds / 2) })
    }
    return { life }
  }

  /** The options for writes to the sessions of this thread: their time to live. */
  get lifeOfSessions(): { readonly ttlSeconds?: number } {
    return this.#ttlSeconds === undefined
      ? {}
      : { ttlSeconds: Math.min(this.#ttlSeconds * timesTheLife, longestLife) }
  }

  async checkpoint(checkpointNamespace: string, checkpointId: string): Promise<Session> {
    return this.#namespace.session(
      await idWithinLimit(JSON.stringify(['checkpoint', checkpointNamespace, checkpointId])),
    )
  }

  /** The session that names the newest checkpoint. */
  async head(checkpointNamespace: string): Promise<Session> {
    return this.#namespace.session(await idWithinLimit(JSON.stringify(['head', checkpointNamespace])))
  }

  /** The checkpoints, newest first, with the properties in `names`. */
  async checkpoints(names: readonly string[] = []): Promise<FoundCheckpoint[]> {
    const sees = await this.sees()
    const found: FoundCheckpoint[] = []
    for await (const { properties } of this.#namespace.sessions({
      properties: ['ns', 'id', 'life', ...names],
    })) {
      const { ns, id } = properties
      if (typeof ns !== 'string' || typeof id !== 'string' || !sees(properties)) continue
      found.push({ checkpointNamespace: ns, checkpointId: id, properties })
    }
    return found.sort((a, b) =>
      a.checkpointId < b.checkpointId ? 1 : a.checkpointId > b.checkpointId ? -1 : 0,
    )
  }

  async writePart(id: string, index: number, text: string, life: Life): Promise<void> {
    await this.#part(id, index).patch({ part: text, ...life }, this.lifeOfSessions)
  }

  async readPart(id: string, index: number): Promise<string> {
    const text = await this.#part(id, index).get('part')
    if (typeof text !== 'string') {
      throw new CorruptDataError(
        'checkpoint: part of a value is missing, probably because its thread was deleted meanwhile: delete the thread again',
      )
    }
    return text
  }

  async clearPart(id: string, index: number): Promise<void> {
    await this.#part(id, index).clear()
  }

  async delete(): Promise<void> {
    await this.#namespace.delete()
  }

  #part(id: string, index: number): Session {
    return this.#namespace.session(JSON.stringify(['part', id, index]))
  }

  /** Restarts the time to live of all sessions of this life, and ends sessions of other lives. */
  async #keepSessions(life: string): Promise<void> {
    let cursor: string | undefined
    do {
      const page = await this.#namespace.listSessions({ cursor, limit: 1000, properties: ['life'] })
      const others = page.items.filter(({ id }) => id !== 'life' && id !== 'kept')
      await Promise.all(
        others.map(async ({ id, properties }) => {
          const session = this.#namespace.session(id)
          if (properties.life === life) await session.patchIf({ life }, {}, this.lifeOfSessions)
          else if (properties.life !== undefined) await session.clearIf({ life: properties.life })
        }),
      )
      cursor = page.cursor
    } while (cursor !== undefined)
  }
}
