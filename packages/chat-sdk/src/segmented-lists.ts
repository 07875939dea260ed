import {
  CorruptDataError,
  type JsonValue,
  type Namespace,
  type Patch,
  type Session,
} from '@context-store/core'
import { idWithinLimit } from '@context-store/core/bridge'
import {
  type Appended,
  appended,
  clockMarginMs,
  droppedMark,
  forever,
  type Head,
  headOf,
  listPatch,
  liveList,
  marksDropped,
  type SealedSegment,
  type Segment,
  segmentName,
  withoutOldest,
} from './list-head.ts'
import { timeToLive } from './time-to-live.ts'

/** A segment lives for twice the time to live of its list plus an hour, so appends prolong it at most once per time to live. */
const segmentSpareSeconds = 3600
/** The longest time to live that a store accepts. */
const mostTtlSeconds = 1e10

type SegmentContent = { items: JsonValue[]; until: number }

/** Options of {@link SegmentedLists.append}. */
export interface AppendOptions {
  /** How many of the newest items to keep. Default, or 0 or less: all. */
  readonly maxLength?: number | undefined
  /** The list's time to live, in milliseconds. Default, or 0: it never expires. */
  readonly ttlMs?: number | undefined
}

/**
 * Ordered lists of any length. The newest items of a list are in its index session. When there are more than 64 of them, they are moved
 * together to a segment, which is another session. So the amount that an append writes does not depend on the length of the list.
 *
 * The head in the index session decides what belongs to the list, and each change of a list is one atomic change of that session. A
 * segment is written before the head names it, and deleted after the head no longer names it. So a process may die between any two
 * writes: until the head names the segment, the items are still in the index session; when the head no longer names it, they are no
 * longer in the list. Readers follow the head, so nothing is lost or read twice. At worst, a segment that no head names is left over; it
 * expires. A segment that was part of the list is also marked in the index session until it is deleted, and the next process that drops
 * a segment deletes it too.
 */
export class SegmentedLists {
  readonly #indexes: Namespace
  readonly #segments: Namespace<SegmentContent>
  readonly #now: () => number
  /** By key: the last call of each list that has calls in progress. */
  readonly #calls = new Map<string, Promise<unknown>>()

  /** Keeps index sessions in one namespace and segments in another. */
  constructor(indexes: Namespace, segments: Namespace<SegmentContent>, now: () => number) {
    this.#indexes = indexes
    this.#segments = segments
    this.#now = now
  }

  /** Appends an item and drops the oldest items beyond `maxLength`, atomically. Resolves to the new length of the list. */
  append(key: string, item: JsonValue, options: AppendOptions): Promise<number> {
    return this.#inTurn(key, (index) => this.#append(index, item, options))
  }

  /** Removes and returns the oldest item; `undefined` if the list is empty. Each item is returned to one caller. */
  takeFirst(key: string): Promise<JsonValue | undefined> {
    return this.#inTurn(key, (index) => this.#takeFirst(index))
  }

  /** All items, oldest first, as they were at one instant. */
  items(key: string): Promise<JsonValue[]> {
    return this.#inTurn(key, (index) => this.#items(index))
  }

  /** The number of items in the list. */
  length(key: string): Promise<number> {
    return this.#inTurn(key, async (index) => {
      const list = await this.#list(index)
      return list === undefined ? 0 : list.next - list.first
    })
  }

  /**
   * Runs the calls on one list one after another, in the order in which they were made, as a store does for one session. Otherwise an
   * append that must move items first would be overtaken by the next one.
   */
  #inTurn<T>(key: string, call: (index: Session) => Promise<T>): Promise<T> {
    const run = async () => call(this.#indexes.session(await idWithinLimit(key)))
    const result = (this.#calls.get(key) ?? Promise.resolve()).then(run, run)
    this.#calls.set(key, result)
    const forget = () => {
      if (this.#calls.get(key) === result) this.#calls.delete(key)
    }
    result.then(forget, forget)
    return result
  }

  async #append(index: Session, item: JsonValue, { maxLength = 0, ttlMs }: AppendOptions): Promise<number> {
    const { ttlSeconds, endsAt } = timeToLive(ttlMs, this.#now())
    const ends = ttlSeconds === 0 ? forever : this.#now() + ttlSeconds * 1000
    const chars = JSON.stringify(item).length
    const prolonged = new Map<string, number>()
    let sealed: SealedSegment | undefined
    for (;;) {
      let found: Appended | undefined
      const { head } = await index.update(
        ['head'],
        (current) => {
          const append = { item, chars, maxLength: Math.floor(maxLength), ends, endsAt, sealed, prolonged }
          found = appended(headOf(current), this.#now(), append)
          return found.mustSeal || found.toProlong.length > 0 ? undefined : found.patch
        },
        { ttlSeconds },
      )
      if (found === undefined) throw new Error('update did not call its function')
      const { list, mustSeal, toProlong } = found
      if (sealed !== undefined && (mustSeal || !found.takesSealed)) {
        // Other processes changed the list, so the segment is of no use. No other process knows of it, and no head will name it.
        await this.#segments.session(segmentName(sealed.life, sealed)).clear()
        sealed = undefined
      }
      if (mustSeal) sealed = await this.#seal(index, list, ttlSeconds)
      for (const segment of toProlong) {
        prolonged.set(segment.id, await this.#prolong(index, list, segment, ttlSeconds))
      }
      if (mustSeal || toProlong.length > 0) continue
      if (marksDropped(found.patch)) await this.#sweep(index)
      const { first, next } = headOf({ head }) ?? list
      return next - first
    }
  }

  async #takeFirst(index: Session): Promise<JsonValue | undefined> {
    for (;;) {
      const list = await this.#list(index)
      if (list === undefined || list.first === list.next) return undefined
      const [oldest] = list.segments
      const items = oldest && (await this.#itemsOf(index, list, oldest))
      const open = String(list.first)
      let taken: JsonValue | undefined
      let patch: Patch = {}
      await index.update(['head', open], (current) => {
        const before = headOf(current)
        taken = undefined
        if (before?.life !== list.life || before.first !== list.first) return undefined
        taken = before.first < before.open ? items?.[list.first - (oldest?.first ?? 0)] : current[open]
        if (taken === undefined) return undefined // the item was moved to a segment after the head was read
        const after = withoutOldest(before, before.first + 1)
        patch = listPatch(before, after.first === after.next ? undefined : after)
        return patch
      })
      if (taken === undefined) continue
      if (marksDropped(patch)) await this.#sweep(index)
      return taken
    }
  }

  async #items(index: Session): Promise<JsonValue[]> {
    for (;;) {
      const properties = await index.getAll()
      const list = liveList(headOf(properties), this.#now())
      if (list === undefined) return []
      const contents = await Promise.all(list.segments.map((segment) => this.#itemsOf(index, list, segment)))
      // Missing segments were dropped after the head was read: the list has changed, so read it again.
      if (contents.includes(undefined)) continue
      const all: JsonValue[] = []
      for (const [at, { first }] of list.segments.entries()) {
        const end = list.segments[at + 1]?.first ?? list.open
        const items = contents[at] ?? []
        all.push(...items.slice(Math.max(list.first - first, 0), end - first))
      }
      for (let number = list.open; number < list.next; number++) all.push(properties[number] ?? null)
      return all
    }
  }

  async #list(index: Session): Promise<Head | undefined> {
    return liveList(headOf(await index.getMany(['head'])), this.#now())
  }

  /** Copies all open items to a new segment; `undefined` if another process moved or dropped some of them meanwhile. */
  async #seal(index: Session, list: Head, listTtlSeconds: number): Promise<SealedSegment | undefined> {
    const { life, open: first, next: end } = list
    const names = Array.from({ length: end - first }, (_, at) => String(first + at))
    const open = await index.getMany(names)
    const items = names.map((name) => open[name]).filter((item) => item !== undefined)
    if (items.length < names.length) return undefined
    const { ttlSeconds, until } = this.#segmentLife(listTtlSeconds)
    const segment = { id: crypto.randomUUID().slice(0, 8), first, until }
    await this.#segments.session(segmentName(life, segment)).patch({ items, until }, { ttlSeconds })
    return { ...segment, life, end }
  }

  /**
   * Prolongs a segment for its list. It never shortens the time to live, and decides this atomically in the segment's own session. So the
   * `until` in a head stays true even if processes with other times to live write at the same time.
   *
   * @returns the segment's `until`; 0 if it was dropped meanwhile
   */
  async #prolong(index: Session, list: Head, segment: Segment, listTtlSeconds: number): Promise<number> {
    const { ttlSeconds, until } = this.#segmentLife(listTtlSeconds)
    const session = this.#segments.session(segmentName(list.life, segment))
    const after = await session.update(
      ['until'],
      (current) => (current.until === undefined || current.until >= until ? undefined : { until }),
      { ttlSeconds },
    )
    if (after.until === undefined) await this.#checkDropped(index, list, segment)
    return after.until ?? 0
  }

  #segmentLife(listTtlSeconds: number): { ttlSeconds: number; until: number } {
    const ttlSeconds = 2 * listTtlSeconds + segmentSpareSeconds
    if (listTtlSeconds === 0 || ttlSeconds > mostTtlSeconds) return { ttlSeconds: 0, until: forever }
    return { ttlSeconds, until: this.#now() + ttlSeconds * 1000 - clockMarginMs }
  }

  async #itemsOf(index: Session, list: Head, segment: Segment): Promise<JsonValue[] | undefined> {
    const items = await this.#segments.session(segmentName(list.life, segment)).get('items')
    if (items === undefined) await this.#checkDropped(index, list, segment)
    return items
  }

  async #checkDropped(index: Session, list: Head, segment: Segment): Promise<void> {
    const now = await this.#list(index)
    if (now?.life !== list.life || !now.segments.some(({ id }) => id === segment.id)) return
    const { namespace, session } = index.address
    throw new CorruptDataError(
      `session ${session} of ${namespace}: segment ${segmentName(list.life, segment)} is missing`,
      { address: index.address },
    )
  }

  /** Deletes the segments that are marked as dropped, and then the marks; also those left by a process that died. */
  async #sweep(index: Session): Promise<void> {
    const marks = Object.keys(await index.getAll()).filter((name) => name.startsWith(droppedMark))
    await Promise.all(marks.map((mark) => this.#segments.session(mark.slice(droppedMark.length)).clear()))
    await index.delete(marks)
  }
}
