import { type SessionInfo, type Slice, sessionInfoOf } from '@context-store/core'
import { bucketCount, bucketKeys, namespacePart } from './keys.ts'
import { listOf, sliceOf } from './namespaces.ts'
import type { RedisConnection } from './redis-connection.ts'
import { listScript } from './session-scripts.ts'
import { lifeOf } from './session-text.ts'

interface Found {
  readonly bucket: number
  readonly info: SessionInfo
}

/** A namespace's sessions, bucket after bucket, in each in the order of the ids' bytes: no write changes it. */
export class SessionListing {
  readonly #connection: RedisConnection
  readonly #prefix: string

  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
  }

  /** Part of the sessions, and whether any bucket asked knows the namespace. */
  async list(
    account: string,
    namespace: string,
    from: string | undefined,
    limit: number,
    time: string,
  ): Promise<{ readonly slice: Slice<SessionInfo>; readonly known: boolean }> {
    const colon = from?.indexOf(':') ?? 0
    let bucket = from === undefined ? 0 : Number(from.slice(0, colon))
    let after = from === undefined ? '' : from.slice(colon + 1)
    let known = false
    const found: Found[] = []
    // One bucket first; of a small namespace the others then, more and more at once.
    for (let wave = 1; found.length <= limit && bucket < bucketCount; wave *= 2) {
      const wanted = limit + 1 - found.length
      const buckets = Array.from({ length: Math.min(wave, bucketCount - bucket) }, (_, i) => bucket + i)
      const parts = await Promise.all(
        buckets.map((each) =>
          this.#listBucket(account, namespace, each, each === bucket ? after : '', wanted, time),
        ),
      )
      for (const part of parts) {
        known ||= part.known
        found.push(...part.found)
      }
      bucket += buckets.length
      after = ''
    }
    const { items, next } = sliceOf(found, limit, ({ bucket: each, info }) => `${each}:${info.id}`)
    return { slice: { items: items.map(({ info }) => info), next }, known }
  }

  async #listBucket(
    account: string,
    namespace: string,
    bucket: number,
    from: string,
    wanted: number,
    time: string,
  ): Promise<{ readonly found: Found[]; readonly known: boolean }> {
    const { record, index, sessions } = bucketKeys(this.#prefix, namespacePart(account, namespace), bucket)
    const found: Found[] = []
    let after = from
    for (;;) {
      const [known, more, last, ...entries] = listOf(
        await this.#connection.run(
          listScript,
          [record, index],
          [time, sessions, after, String(wanted - found.length)],
          { isWrite: false, address: { account, namespace } },
        ),
      )
      for (let i = 0; i + 1 < entries.length; i += 2) {
        found.push({ bucket, info: sessionInfoOf(String(entries[i]), lifeOf(String(entries[i + 1]))) })
      }
      if (more !== 1 || found.length >= wanted) return { found, known: known === 1 }
      after = String(last)
    }
  }
}
