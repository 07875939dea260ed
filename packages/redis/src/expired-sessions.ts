import { bucketCount, bucketKeys, type SessionKeys } from './keys.ts'
import type { Namespaces } from './namespaces.ts'
import { listOf, type RedisConnection } from './redis-connection.ts'
import { reclaimScript } from './session-scripts.ts'

/** How many buckets are remembered; beyond that, the oldest are forgotten. */
const mostBuckets = 10_000

/** How many entries of an index one step looks at. */
const sampleSize = 64

/** Every so many steps look into a random bucket, unless much had expired in the last one. */
const stepsBetweenLooks = 8

type Bucket = Pick<SessionKeys, 'part' | 'bucket'>

/**
 * Frees what expired sessions leave behind: the engine removes their strings, this class their index entries.
 *
 * Each step looks at random entries of one of the buckets into which this store wrote sessions that expire. A short-lived
 * process does not know what others wrote, so the first step, and every eighth, looks into a random bucket: alternately
 * of the namespace last written to, and of any namespace.
 */
export class ExpiredSessions {
  readonly #connection: RedisConnection
  readonly #namespaces: Namespaces
  readonly #prefix: string
  readonly #buckets = new Map<string, Bucket>()
  #lastWritten: SessionKeys | undefined
  #stepsUntilLook = 0
  #looks = Math.floor(2 * Math.random())

  constructor(connection: RedisConnection, namespaces: Namespaces, prefix: string) {
    this.#connection = connection
    this.#namespaces = namespaces
    this.#prefix = prefix
  }

  /** Notes the session that was written to last. */
  wrote(keys: SessionKeys): void {
    this.#lastWritten = keys
  }

  /** Remembers the bucket of a session that will expire. */
  add({ record, part, bucket }: SessionKeys): void {
    if (this.#buckets.has(record)) return
    this.#buckets.set(record, { part, bucket })
    if (this.#buckets.size > mostBuckets) this.#takeOldest()
  }

  /** Takes one step; returns whether most of its entries had expired, so that there are probably more. */
  async reclaim(time: string): Promise<boolean> {
    const isLook = this.#stepsUntilLook-- === 0
    if (isLook) this.#stepsUntilLook = stepsBetweenLooks - 1
    const looked = isLook ? await this.#anyBucket() : this.#takeOldest()
    if (looked === undefined) return false
    const { part, bucket } = looked
    const { record, index, sessions } = bucketKeys(this.#prefix, part, bucket)
    const ids = listOf(await this.#connection.send(index, ['ZRANDMEMBER', index, String(sampleSize)], 'read'))
    if (ids.length === 0) return false
    const keys = [record, index, ...ids.map((id) => sessions + id)]
    const [removed, expiring] = listOf(await this.#connection.run(reclaimScript, keys, [time], 'write'))
    if (Number(removed) > 0 || expiring === 1) this.#buckets.set(record, looked)
    const isMore = Number(removed) > ids.length / 2
    if (isLook && isMore) this.#stepsUntilLook = 0
    return isMore
  }

  async #anyBucket(): Promise<Bucket | undefined> {
    const ofLast = this.#looks++ % 2 === 0 ? this.#lastWritten?.part : undefined
    const part = ofLast ?? (await this.#namespaces.anyPart())
    return part === undefined ? undefined : { part, bucket: Math.floor(bucketCount * Math.random()) }
  }

  #takeOldest(): Bucket | undefined {
    const [oldest] = this.#buckets
    if (oldest !== undefined) this.#buckets.delete(oldest[0])
    return oldest?.[1]
  }
}
