import {
  type ListedSession,
  listedLength,
  listedProperties,
  type SessionListRequest,
  type Slice,
  type StoreRules,
  sessionInfoOf,
} from '@context-store/core/adapter'
import { bucketCount, bucketKeys, namespacePart, SessionKeys } from './keys.ts'
import { listOf, type RedisConnection } from './redis-connection.ts'
import { scriptTime } from './script.ts'
import { headLength } from './session-layout.ts'
import type { SessionReads } from './session-reads.ts'
import { headsScript } from './session-scripts.ts'
import { documentOf, lifeOf, pick } from './session-text.ts'
import { sliceOf } from './slices.ts'

/** The least number of index entries to look at: those of expired sessions are skipped. */
const leastLookedAt = 128

/** A session in the index of its bucket. */
interface Entry {
  readonly bucket: number
  readonly id: string
  readonly head: string
  /** The length of its string; 0 if it was not asked for. */
  readonly length: number
}

/** A namespace's sessions, by bucket and within a bucket by the bytes of their ids: no write changes the order. */
export class SessionListing {
  readonly #connection: RedisConnection
  readonly #reads: SessionReads
  readonly #prefix: string
  readonly #rules: StoreRules

  constructor(connection: RedisConnection, reads: SessionReads, prefix: string, rules: StoreRules) {
    this.#connection = connection
    this.#reads = reads
    this.#prefix = prefix
    this.#rules = rules
  }

  /** Part of the sessions. */
  async list(account: string, namespace: string, request: SessionListRequest): Promise<Slice<ListedSession>> {
    const { limit, properties } = request
    const part = namespacePart(account, namespace)
    const entries = await this.#entries(part, request)
    const most = properties === undefined ? limit : Math.min(limit, countToRead(entries))
    const slice = sliceOf(entries, most, ({ bucket, id }) => `${bucket}:${id}`)
    if (properties === undefined) {
      return { ...slice, items: slice.items.map(({ id, head }) => sessionInfoOf(id, lifeOf(head))) }
    }
    const items = await this.#read({ account, namespace }, slice.items, properties)
    // All of them may have ended in the meantime.
    if (items.length > 0 || slice.next === undefined) return { ...slice, items }
    return this.list(account, namespace, { ...request, from: slice.next })
  }

  /** The entries of the sessions, more than `limit` if there are more. */
  async #entries(part: string, request: SessionListRequest): Promise<Entry[]> {
    const { from = '0:', limit } = request
    const colon = from.indexOf(':')
    let bucket = Number(from.slice(0, colon))
    let after = from.slice(colon + 1)
    const found: Entry[] = []
    // One bucket first; if it has too few sessions, more and more buckets at once.
    for (let wave = 1; found.length <= limit && bucket < bucketCount; wave *= 2) {
      const buckets = Array.from({ length: Math.min(wave, bucketCount - bucket) }, (_, i) => bucket + i)
      const wanted = limit + 1 - found.length
      const parts = await Promise.all(
        buckets.map((each) => this.#entriesOf(part, each, each === bucket ? after : '', wanted, request)),
      )
      found.push(...parts.flat())
      bucket += buckets.length
      after = ''
    }
    return found
  }

  async #entriesOf(
    part: string,
    bucket: number,
    from: string,
    wanted: number,
    request: SessionListRequest,
  ): Promise<Entry[]> {
    const { record, index, sessions } = bucketKeys(this.#prefix, part, bucket)
    const most = Math.max(wanted, leastLookedAt)
    const range = ['ZRANGEBYLEX', index, from === '' ? '-' : `(${from}`, '+', 'LIMIT', '0', String(most)]
    const ids = listOf(await this.#connection.send(index, range, 'read')).map(String)
    if (ids.length === 0) return []
    const keys = [record, ...ids.map((id) => sessions + id)]
    const args = [scriptTime(this.#rules), request.properties === undefined ? '' : 'length']
    const reply = listOf(await this.#connection.run(headsScript, keys, args, 'read'))
    const all = ids.map((id, i) => {
      return { bucket, id, head: String(reply[2 * i]), length: Number(reply[2 * i + 1]) }
    })
    const found = all.filter(({ head }) => head !== '').slice(0, wanted)
    const last = ids.at(-1)
    if (ids.length < most || last === undefined || found.length === wanted) return found
    return [...found, ...(await this.#entriesOf(part, bucket, last, wanted - found.length, request))]
  }

  /** Reads the sessions, with one command for each bucket; leaves out those that have ended in the meantime. */
  async #read(
    scope: { readonly account: string; readonly namespace: string },
    entries: readonly Entry[],
    properties: true | readonly string[],
  ): Promise<ListedSession[]> {
    const buckets = Array.from({ length: bucketCount }, (_, i) =>
      entries.filter(({ bucket }) => bucket === i).map(({ id }) => ({ ...scope, session: id })),
    )
    const parts = await Promise.all(
      buckets.map(async (addresses) => {
        const keys = addresses.map((address) => new SessionKeys(this.#prefix, address))
        const texts = keys.length === 0 ? [] : await this.#reads.readTogether(keys)
        return addresses.flatMap((address, index) => {
          const text = texts[index]
          if (text === undefined) return []
          const all = listedProperties(address, documentOf(text), true)
          const wanted = properties === true ? all : pick(all, properties)
          return [{ ...sessionInfoOf(address.session, lifeOf(text)), properties: wanted }]
        })
      }),
    )
    return parts.flat()
  }
}

/** How many of the sessions to read: those up to the total length at which a page ends. */
function countToRead(entries: readonly Entry[]): number {
  let sum = 0
  const last = entries.findIndex(({ length }) => {
    sum += length - headLength
    return sum >= listedLength
  })
  return last === -1 ? entries.length : last + 1
}
