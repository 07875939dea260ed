import { absent, CorruptDataError, type JsonValue, type Namespace, type Patch, type Session } from '@context-store/core'
import { idWithinLimit } from '@context-store/core/bridge'
import { hasEnded, timeToLive } from './time-to-live.ts'

/** How many items, and how many characters of JSON, the index session of a list holds before they are moved to a segment. */
const mostOpenItems = 64
const mostOpenChars = 100_000

/** A segment lives for two times to live of its list and an hour: so appending has to prolong it at most once a time to live. */
const spareSeconds = 3600
/** Half of that hour is for clocks that differ: a segment counts as living for half an hour less than it does. */
const clockMarginSeconds = 1800

/** Some of a list's items, in a session of their own that does not change any more. */
type Segment = {
  /** The last part of its session's id; random, so that no two writers ever write one segment. */
  id: string
  /** The number of its first item. It ends where the next segment, or the open part, begins. */
  first: number
  /** How long it lives at least (ms since 1970); null: for ever. */
  until: number | null
}

/** What the index session says of a list, in one property. The items are numbered; a number never stands for two items of one `life`. */
type Head = {
  /** Random: tells a list from one that had the same key before it. */
  life: string
  /** The number of the oldest item. */
  first: number
  /** Items from here on are properties of the index session, named by their numbers. */
  open: number
  /** The number of the next item. */
  next: number
  /** About how many characters of JSON the open items have. */
  chars: number
  segments: Segment[]
  endsAt?: number
}

type SegmentContent = { items: JsonValue[]; until: number | null }
type SealedSegment = Segment & { life: string; end: number }

/** Options of {@link SegmentedLists.append}. */
export interface AppendOptions {
  /** Keeps that many of the newest items; 0 or less: all. */
  readonly maxLength?: number | undefined
  /** How long the list lives from now on, in milliseconds; left out or 0: for ever. */
  readonly ttlMs?: number | undefined
}

/**
 * Ordered lists of any length. The newest items of a list are in its index session; whenever these are 64, they are moved together to a
 * segment, so that appending writes the same amount whatever the length is.
 *
 * What a list is, its head alone says, and each change of a list is one atomic change of the index session. A segment is written before the
 * head names it, and deleted after the head has ceased to. A process that dies in between leaves a segment that no head names, which nobody
 * reads: the items are still in the index session, or belong to the list no more. Such a segment goes with its time to live, or, once it was
 * a part of the list, when the next one is deleted: the index session keeps a property `dropped:…` for it until then.
 */
export class SegmentedLists {
  readonly #indexes: Namespace
  readonly #segments: Namespace<SegmentContent>
  readonly #now: () => number

  /** Lists whose index sessions are in one namespace, and whose segments are in another. */
  constructor(indexes: Namespace, segments: Namespace<SegmentContent>, now: () => number) {
    this.#indexes = indexes
    this.#segments = segments
    this.#now = now
  }

  /** Appends an item and drops the oldest ones above `maxLength`, atomically. Resolves to the list's length. */
  async append(key: string, item: JsonValue, options: AppendOptions): Promise<number> {
    const index = await this.#index(key)
    const { maxLength = 0, ttlMs } = options
    const { ttlSeconds, endsAt } = timeToLive(ttlMs, this.#now())
    const chars = JSON.stringify(item).length
    const ends = ttlSeconds === 0 ? null : this.#now() + ttlSeconds * 1000
    const prolonged = new Map<string, number | null>()
    let sealed: SealedSegment | undefined
    for (;;) {
      // The function may run again after a lost race; these are what its last run found.
      let toSeal: Head | undefined
      let toProlong: Segment[] = []
      let seen: Head | undefined
      let isSealed = false
      let drops = false
      const { head } = await index.update(
        ['head'],
        (current) => {
          const patch: Patch = {}
          const old = current.head as Head | undefined
          const list = old && !hasEnded(old.endsAt, this.#now()) ? old : newList(old?.next)
          seen = list
          isSealed = sealed?.life === list.life && sealed.first === list.open && sealed.end <= list.next
          const segments = list.segments.map((segment) => ({
            ...segment,
            until: later(segment.until, prolonged.get(segment.id)),
          }))
          let open = list.open
          if (sealed && isSealed) {
            segments.push({ id: sealed.id, first: sealed.first, until: sealed.until })
            open = sealed.end
          }
          const next = list.next + 1
          const first = maxLength > 0 ? Math.max(list.first, next - maxLength) : list.first
          const parts = withoutPast(segments, open, first)
          open = Math.max(open, first)
          const left = list.next === list.open ? 0 : Math.max(list.next - open, 0) / (list.next - list.open)
          const openChars = Math.ceil(list.chars * left) + chars
          const isFull = next - open > mostOpenItems || openChars > mostOpenChars
          toSeal = isFull && open < list.next ? list : undefined
          toProlong = parts.kept.filter(({ until }) => !lasts(until, ends))
          if (toSeal || toProlong.length > 0) return undefined

          if (old && old !== list) removeAll(patch, old)
          for (let number = list.open; number < Math.min(open, list.next); number++) patch[number] = absent
          for (const { id, first } of parts.past) patch[`dropped:${segmentName(list, first, id)}`] = true
          drops = parts.past.length > 0 || (old !== list && (old?.segments.length ?? 0) > 0)
          patch[list.next] = item
          patch.head = {
            life: list.life,
            first,
            open,
            next,
            chars: openChars,
            segments: parts.kept,
            ...(endsAt !== absent && { endsAt }),
          }
          return patch
        },
        { ttlSeconds },
      )
      // One that was written in vain: another process moved the items first, or they are no more. Nobody else knows of it.
      if (sealed && !isSealed) {
        await this.#segments.session(segmentName(sealed, sealed.first, sealed.id)).clear()
        sealed = undefined
      }
      if (toSeal) sealed = await this.#seal(index, toSeal, ttlSeconds)
      for (const segment of toProlong) {
        prolonged.set(segment.id, await this.#prolong(key, seen, segment, ttlSeconds))
      }
      if (toSeal || toProlong.length > 0) continue
      if (drops) await this.#sweep(index)
      const { first, next } = head as Head
      return next - first
    }
  }
}
