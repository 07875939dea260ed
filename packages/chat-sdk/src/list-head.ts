import { absent, type JsonValue, type Patch, type Properties } from '@context-store/core'
import { hasEnded } from './time-to-live.ts'

/** How many items, and about how many characters of JSON, a list's index session holds before they are moved to a segment. */
const mostOpenItems = 64
const mostOpenChars = 100_000

/** A segment's session lives this much longer than its `until` says, because the clocks of processes may differ. */
export const clockMarginMs = 1_800_000

/** The `until` of a segment that never expires. */
export const forever: number = Number.MAX_SAFE_INTEGER

/** Some of a list's items, in a session whose items never change. */
export type Segment = {
  /** The last part of its session's id; random, so that two writers never write the same segment. */
  id: string
  /** The number of its first item. The segment ends where the next one, or the open part, begins. */
  first: number
  /** Its session does not expire before this (ms since 1970). */
  until: number
}

/** A segment that has been written, but that the head of its list does not name yet. */
export interface SealedSegment extends Segment {
  /** The `life` of the list that its items belong to. */
  readonly life: string
  /** The number of its last item, plus 1. */
  readonly end: number
}

/**
 * Describes a list, in one property of its index session. The items are numbered, and within one `life` no number is used for two
 * items.
 */
export type Head = {
  /** Random: distinguishes a list from an earlier one with the same key. */
  life: string
  /** The number of the oldest item. */
  first: number
  /** Items from here on are properties of the index session, named by their numbers. */
  open: number
  /** The number of the next item. */
  next: number
  /** The approximate length of the open items' JSON, in characters. */
  chars: number
  /** Oldest first. */
  segments: Segment[]
  /** The exact expiry of the list, if its time to live is not whole seconds. */
  endsAt?: number
}

/** The head that an index session holds; `undefined` if there is none. */
export function headOf(properties: Partial<Properties>): Head | undefined {
  return properties.head as Head | undefined
}

/**
 * The list of a head, unless it has expired. An append keeps the segments alive for longer than their list. Taking an item from a queue
 * restarts only the time to live of the index session, so an index may be left whose segments have expired.
 */
export function liveList(head: Head | undefined, now: number): Head | undefined {
  if (head === undefined || hasEnded(head.endsAt, now)) return undefined
  return head.segments.some(({ until }) => until + clockMarginMs <= now) ? undefined : head
}

/** An empty list. Its numbers continue those of an expired list in the same session, whose items may still be there. */
function newList(before: Head | undefined): Head {
  const next = before?.next ?? 0
  return { life: crypto.randomUUID(), first: next, open: next, next, chars: 0, segments: [] }
}

/** The list without the items whose numbers are lower than `first`. */
export function withoutOldest(list: Head, first: number): Head {
  if (first <= list.first) return list
  const open = Math.max(list.open, first)
  const had = list.next - list.open
  return {
    ...list,
    first,
    open,
    chars: had === 0 ? 0 : Math.ceil((list.chars * Math.max(list.next - open, 0)) / had),
    segments: list.segments.filter((_, index) => (list.segments[index + 1]?.first ?? list.open) > first),
  }
}

/** The list with one more item. */
function withItem(list: Head, chars: number): Head {
  return { ...list, next: list.next + 1, chars: list.chars + chars }
}

/** Whether the open part is larger than an index session should hold. */
function isTooLarge(list: Head): boolean {
  const items = list.next - list.open
  return items > mostOpenItems || (items > 1 && list.chars > mostOpenChars)
}

/** Whether the segment holds the oldest open items of the list, and so may replace them. */
function canTake(list: Head, sealed: SealedSegment): boolean {
  return sealed.life === list.life && sealed.first === list.open && sealed.end <= list.next
}

/** The list with its open items replaced by the segment that holds them. */
function withSegment(list: Head, { id, first, until, end }: SealedSegment): Head {
  return { ...list, open: end, chars: 0, segments: [...list.segments, { id, first, until }] }
}

/** The id of a segment's session. */
export function segmentName(life: string, segment: Segment): string {
  return `${life}:${segment.first}:${segment.id}`
}

/** Prefix of the properties of an index session that mark segments as no longer part of the list, but not deleted yet. */
export const droppedMark = 'dropped:'

/**
 * The patch that changes the list `before` to `after`: removes items that are no longer open, and marks segments that are no longer
 * named.
 *
 * @param after - `undefined` if the list is empty afterwards
 */
export function listPatch(before: Head | undefined, after: Head | undefined): Patch {
  const patch: { [name: string]: JsonValue | typeof absent } = { head: after ?? absent }
  if (before === undefined) return patch
  const open = Math.min(after?.open ?? before.next, before.next)
  for (let number = before.open; number < open; number++) patch[number] = absent
  for (const segment of before.segments) {
    if (after?.segments.some(({ id }) => id === segment.id)) continue
    patch[droppedMark + segmentName(before.life, segment)] = true
  }
  return patch
}

/** Whether the patch marks a segment as dropped. */
export function marksDropped(patch: Patch): boolean {
  return Object.keys(patch).some((name) => name.startsWith(droppedMark))
}

/** An item to append, and what has been prepared for it. */
export interface Append {
  readonly item: JsonValue
  /** The length of the item's JSON. */
  readonly chars: number
  /** The maximum number of items to keep; 0 or less: all. */
  readonly maxLength: number
  /** The segments must not expire before this. */
  readonly ends: number
  /** The exact expiry of the list, if its time to live is not whole seconds. */
  readonly endsAt: number | undefined
  /** A segment that holds the open items. */
  readonly sealed: SealedSegment | undefined
  /** By segment id: the new `until`. */
  readonly prolonged: ReadonlyMap<string, number>
}

/** The result of an append. If it asks to seal the open items or to prolong segments, do that before writing its patch. */
export interface Appended {
  /** The list before the append. */
  readonly list: Head
  readonly takesSealed: boolean
  readonly mustSeal: boolean
  readonly toProlong: readonly Segment[]
  readonly patch: Patch
}

/** Computes an append to the list of a head. */
export function appended(before: Head | undefined, now: number, append: Append): Appended {
  const { sealed } = append
  const live = liveList(before, now)
  const list = live ?? newList(before)
  const takesSealed = sealed !== undefined && canTake(list, sealed)
  const moved = takesSealed ? withSegment(list, sealed) : list
  const longer = withItem(moved, append.chars)
  const kept = withoutOldest(longer, append.maxLength > 0 ? longer.next - append.maxLength : 0)
  const segments = kept.segments.map((segment) => ({
    ...segment,
    until: Math.max(segment.until, append.prolonged.get(segment.id) ?? 0),
  }))
  const { endsAt: _, ...head } = kept
  const after: Head = { ...head, segments, ...(append.endsAt !== undefined && { endsAt: append.endsAt }) }
  const stored = live === undefined ? before : { ...live, segments: moved.segments }
  return {
    list,
    takesSealed,
    mustSeal: isTooLarge(kept),
    toProlong: segments.filter(({ until }) => until < append.ends),
    patch: { ...listPatch(stored, after), [String(list.next)]: append.item },
  }
}
