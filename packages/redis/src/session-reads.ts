import { isExpired, type StoreRules } from '@context-store/core/adapter'
import type { SessionKeys } from './keys.ts'
import { listOf, type RedisConnection, type Reply } from './redis-connection.ts'
import { expires, generationOf, lifeOf } from './session-text.ts'
import { TickBatch } from './tick-batch.ts'

/** What one command reads; the sizes of the sessions are not known before. */
const bounds = { most: 32, mostWeight: Number.POSITIVE_INFINITY }

interface Found {
  /** The bucket's record of the namespace. */
  readonly record: Reply
  /** The session's text. */
  readonly text: Reply
}

/** The reads of a store. Those of one tick are one command. */
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
    // MGET gives nothing for a key of another type; GET gives the error.
    if (found.text === null && found.record !== null)
      await this.#connection.send(keys.session, ['GET', keys.session], 'read')
    const text = textOf(found)
    if (text === undefined || !expires(text)) return text
    return (await this.#unexpired([keys], [text], now))[0]
  }

  /** The texts of sessions of one bucket, by one command. */
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
   * Texts without those of sessions that have expired.
   *
   * @param now - an instant before the texts were read: a later one could say that a session has expired whose life
   *   another client has extended since
   */
  async #unexpired(
    sessions: readonly SessionKeys[],
    texts: readonly (string | undefined)[],
    now: number,
  ): Promise<readonly (string | undefined)[]> {
    if (!texts.some((text) => isOver(text, now))) return texts
    if (this.#rules.hasOwnClock) return texts.map((text) => (isOver(text, now) ? undefined : text))
    // Scripts go by the server's clock, which also removes the string at the very millisecond; not if it was written by a
    // store with the option now. The texts are read again behind that clock.
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
  // A damaged head is no other generation.
  lifeOf(text)
  return undefined
}
