import { isExpired, type StoreRules } from '@context-store/core/adapter'
import type { SessionKeys } from './keys.ts'
import { listOf, type RedisConnection, type Reply } from './redis-connection.ts'
import { generationOf, lifeOf } from './session-text.ts'
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
    const found = await this.#batch.add(this.#connection.groupOf(keys.record), keys)
    // MGET gives nothing for a key of another type; GET gives the error.
    if (found.text === null && found.record !== null)
      await this.#connection.send(keys.session, ['GET', keys.session], 'read')
    return this.#textOf(found)
  }

  /** The texts of sessions of one bucket, by one command. */
  async readTogether(sessions: readonly SessionKeys[]): Promise<readonly (string | undefined)[]> {
    const found = await this.#find(sessions)
    return found.map((each) => this.#textOf(each))
  }

  async #find(sessions: readonly SessionKeys[]): Promise<readonly Found[]> {
    const records = [...new Set(sessions.map(({ record }) => record))]
    const names = [...records, ...sessions.map(({ session }) => session)]
    const replies = listOf(await this.#connection.send(names[0] ?? '', ['MGET', ...names], 'read'))
    const recordOf = new Map(records.map((record, index) => [record, replies[index] ?? null]))
    return sessions.map(({ record }, index) => ({
      record: recordOf.get(record) ?? null,
      text: replies[records.length + index] ?? null,
    }))
  }

  /** The text, if the session belongs to the namespace as it is now and has not expired. */
  #textOf({ record, text }: Found): string | undefined {
    if (typeof record !== 'string' || typeof text !== 'string') return undefined
    if (generationOf(text) !== generationOf(record)) {
      // A damaged head is no other generation.
      lifeOf(text)
      return undefined
    }
    // Without the option `now` the engine ends a session at the very millisecond, by the same clock.
    if (!this.#rules.hasOwnClock) return text
    return isExpired(lifeOf(text).expiresAt, this.#rules.now()) ? undefined : text
  }
}
