import { bucketKeys, type SessionKeys } from './keys.ts'
import { listOf } from './namespaces.ts'
import type { RedisConnection } from './redis-connection.ts'
import { reclaimScript } from './session-scripts.ts'

/** How many buckets are remembered; of more, those written to longest ago wait for the next write into them. */
const mostBuckets = 10_000

/** How many entries of an index one reclaim looks at: more than the writes between two of them can add. */
const lookedAtOnce = 128

interface Place {
  readonly part: string
  readonly bucket: number
  readonly from: string
}

/**
 * The buckets into which this store wrote sessions that expire. The engine removes their strings; the entries
 * in the index, which hold no more than the ids, are taken out here, some at a time, in turn.
 */
export class ExpiringBuckets {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #places = new Map<string, Place>()

  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
  }

  /** Remembers the bucket of a session that will expire. */
  add({ record, part, bucket }: SessionKeys): void {
    if (!this.#places.has(record)) this.#remember(record, { part, bucket, from: '' })
  }

  /** Looks at some entries of the bucket whose turn it is. */
  async reclaim(time: string): Promise<void> {
    const [next] = this.#places
    if (next === undefined) return
    const [key, { part, bucket, from }] = next
    this.#places.delete(key)
    const { record, index, sessions } = bucketKeys(this.#prefix, part, bucket)
    const reply = await this.#connection.run(
      reclaimScript,
      [record, index],
      [time, sessions, from, String(lookedAtOnce)],
      { isWrite: true },
    )
    const [last, expiring] = listOf(reply)
    if (last !== '' || expiring === 1 || from !== '') {
      this.#remember(key, { part, bucket, from: String(last) })
    }
  }

  #remember(key: string, place: Place): void {
    this.#places.set(key, place)
    if (this.#places.size > mostBuckets) {
      const [oldest] = this.#places.keys()
      if (oldest !== undefined) this.#places.delete(oldest)
    }
  }
}
