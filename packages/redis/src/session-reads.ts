import { type AddressKey, isExpired, namingCorrupt, type StoreRules } from '@context-store/core'
import { addressOf, type SessionKeys } from './keys.ts'
import { listOf, type Namespaces } from './namespaces.ts'
import type { RedisConnection, Reply } from './redis-connection.ts'
import { errorAt } from './redis-errors.ts'
import { generationOf, lifeOf } from './session-text.ts'
import { TurnBatch } from './turn-batch.ts'

/** What one command reads; a session's size is not known before. */
const bounds = { most: 32, mostWeight: Number.POSITIVE_INFINITY }

/** The generation of a namespace that has ended. */
const ended = '0000000000'

interface Found {
  /** The bucket's record of the namespace. */
  readonly record: Reply | undefined
  /** The session's text. */
  readonly text: Reply | undefined
}

/** The reads of a store. Those of one turn are one command. */
export class SessionReads {
  readonly #connection: RedisConnection
  readonly #namespaces: Namespaces
  readonly #batch: TurnBatch<SessionKeys, Found>

  constructor(connection: RedisConnection, namespaces: Namespaces) {
    this.#connection = connection
    this.#namespaces = namespaces
    this.#batch = new TurnBatch((calls) => this.#readMany(calls), bounds)
  }

  /** What `take` makes of a session's text; of `undefined` where there is none. */
  async read<T>(
    address: AddressKey,
    keys: SessionKeys,
    rules: StoreRules,
    take: (text: string | undefined) => T,
  ): Promise<T> {
    try {
      const { record, text } = await this.#batch.add(this.#connection.groupOf(keys.record), keys)
      if (typeof record !== 'string' || generationOf(record) === ended) {
        if (rules.explicitNamespaces) await this.#namespaces.known(address.account, address.namespace, rules)
        return take(undefined)
      }
      // MGET says nothing of a key that is no string; GET does.
      if (text === null) await this.#connection.send(keys.session, ['GET', keys.session], { isWrite: false })
      return take(typeof text === 'string' && isAlive(text, record, rules) ? text : undefined)
    } catch (error) {
      throw errorAt(namingCorrupt(address, error), addressOf(address))
    }
  }

  async #readMany(calls: readonly SessionKeys[]): Promise<readonly Found[]> {
    const records = [...new Set(calls.map(({ record }) => record))]
    const names = [...records, ...calls.map(({ session }) => session)]
    const replies = listOf(
      await this.#connection.send(names[0] ?? '', ['MGET', ...names], { isWrite: false }),
    )
    const recordOf = new Map(records.map((record, index) => [record, replies[index]]))
    return calls.map(({ record }, index) => ({
      record: recordOf.get(record),
      text: replies[records.length + index],
    }))
  }
}

/** Whether a session is one of the namespace as it is now, and has not expired. */
function isAlive(text: string, record: string, rules: StoreRules): boolean {
  // Without a clock of the store's own the engine ends a session at the very millisecond, by the same clock.
  const time = rules.now?.()
  const isOfNow = generationOf(text) === generationOf(record)
  if (isOfNow && time === undefined) return true
  const { expiresAt } = lifeOf(text)
  return isOfNow && time !== undefined && !isExpired(expiresAt, time)
}
