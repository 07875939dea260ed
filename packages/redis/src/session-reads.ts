import { isExpired, type StoreRules } from '@context-store/core/adapter'
import type { SessionKeys } from './keys.ts'
import { listOf, type RedisConnection, type Reply } from './redis-connection.ts'
import { expires, generationOf, lifeOf } from './session-text.ts'
import { TickBatch } from './tick-batch.ts'

/** The limits of one command; the sizes of the sessions are not known in advance. */
const bounds = { most: 32, mostWeight: Number.POSITIVE_INFINITY }

interface Found {
  /** The bucket's record of the namespace. */
  readonly record: Reply
  /** The session's text. */
  readonly text: Reply
}

/** The reads of a store. Those of one tick are sent as one command. */
export class SessionReads {
  readonly #connection: RedisConnection
  readonly #rules: StoreRules
  readonly #batch: TickBatch<SessionKeys, Found>

  constructor(connection: RedisConnection, rules: StoreRules) {
    this.#connection = connection
    this.#rules = rules
    this.#batch = new TickBatch((sessions) => this.#find(sessions), bounds)
  }

  /** The text of a session; `undefined` if it does not exist. */
  async read(keys: SessionKeys): Promise<string | undefined> {
    const now = this.#rules.now()
    const found = await this.#batch.add(this.#connection.groupOf(keys.record), keys)
    // MGET returns nil for a key of another type; GET returns the error.
    if (found.text === null && found.record !== null)
      await this.#connection.send(keys.session, ['GET', keys.session], 'read')
    const text = textOf(found)
    if (text === undefined || !expires(text)) return text
    return (await this.#unexpired([keys], [text], now))[0]
  }

  /** The texts of sessions of one bucket, read with one command. */
  async readTogether(sessions: readonly SessionKeys[]): Promise<readonly (string | undefined)[]> {
    const now = this.#rules.now()
    const found = await this.#find(sessions)
    return this.#unexpired(sessions, found.map(textOf), now)
  }

  async #find(sessions: readonly SessionKeys[]): Promise<readonly Found[]> {
    const records = [...new Set(sessions.map(({ record }) => record))]
    const names = [...records, ...sessions.map(({ session }) => session)]
    const replies = listOf(await this.#connection.send(names[0] ?? '', ['MGET', ...names], 'read'))
    const recordOf = new Map(records.map((record, index) => [record, replies[index] ?? null]))
    return sessions.map((keys, index) => ({
      record: recordOf.get(keys.record) ?? null,
      text: replies[records.length + index] ?? null,
    }))
  }

  /**
   * The texts, without those of expired sessions.
   *
   * @param now - a time before the texts were read: by a later time, a session whose life another client has extended
   *   since could count as expired
   */
  async #unexpired(
    sessions: readonly SessionKeys[],
    texts: readonly (string | undefined)[],
    now: number,
  ): Promise<readonly (string | undefined)[]> {
    if (!texts.some((text) => isOver(text, now))) return texts
    if (this.#rules.hasOwnClock) return texts.map((text) => (isOver(text, now) ? undefined : text))
    // Scripts use the server's clock. The server also removes the string at that millisecond, unless a store with the
    // option now wrote it. The texts are read again after reading that clock.
    const time = await this.#serverTime(sessions)
    const again = await this.#find(sessions)
    return again.map(textOf).map((text) => (isOver(text, time) ? undefined : text))
  }

  async #serverTime([first]: readonly SessionKeys[]): Promise<number> {
    const reply = await this.#connection.send(first?.record ?? '', ['TIME'], 'read')
    const [seconds, microseconds] = listOf(reply).map(Number)
    return (seconds ?? 0) * 1000 + Math.floor((microseconds ?? 0) / 1000)
  }
}

function isOver(text: string | undefined, time: number): boolean {
  return text !== undefined && expires(text) && isExpired(lifeOf(text).expiresAt, time)
}

/** The text of a session that belongs to its namespace. */
function textOf({ record, text }: Found): string | undefined {
  if (typeof record !== 'string' || typeof text !== 'string') return undefined
  if (generationOf(text) === generationOf(record)) return text
  // Throws if the generation differs because the head is damaged.
  lifeOf(text)
  return undefined
}
