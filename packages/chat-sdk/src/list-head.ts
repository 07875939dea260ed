import { absent, type JsonValue, type Patch, type Properties } from '@context-store/core'
import { hasEnded } from './time-to-live.ts'

/** How many items, and about how many characters of JSON, the index session of a list holds before they are moved to a segment. */
const mostOpenItems = 64
const mostOpenChars = 100_000

/** A segment's session lives this long after what its `until` says, for the clocks of processes that differ. */
export const clockMarginMs = 1_800_000

/** The `until` of what has no end. */
export const forever: number = Number.MAX_SAFE_INTEGER

/** Some of a list's items, in a session of their own that never changes. */
export type Segment = {
  /** The last part of its session's id; random, so that no two writers ever write one segment. */
  id: string
  /** The number of its first item. It ends where the next segment, or the open part, begins. */
  first: number
  /** How long its session lives at least (ms since 1970). */
  until: number
}

/** A segment that has been written, before the head of its list names it. */
export interface SealedSegment extends Segment {
  /** Which list its items are of. */
  readonly life: string
  /** The number after that of its last item. */
  readonly end: number
}

/**
 * What the index session says of a list, in one property. The items are numbered, and within one `life` a number never stands for two
 * items.
 */
export type Head = {
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
  /** Oldest first. */
  segments: Segment[]
  /** The exact end of the list, where it is no whole number of seconds. */
  endsAt?: number
}

/** The head that an index session holds; `undefined` if there is none. */
export function headOf(properties: Partial<Properties>): Head | undefined {
  return properties.head as Head | undefined
}

/**
 * The list of a head, unless it has ended. Appending keeps segments alive for longer than their list; but taking from a queue restarts the
 * time to live of the index session only, so that one may be left whose segments have expired.
 */
export function liveList(head: Head | undefined, now: number): Head | undefined {
  if (head === undefined || hasEnded(head.endsAt, now)) return undefined
  return head.segments.some(({ until }) => until + clockMarginMs <= now) ? undefined : head
}

/** An empty list. Its numbers go on where those of an ended one in the same session stopped, since that one's items may still be there. */
function newList(before: Head | undefined): Head {
  const next = before?.next ?? 0
  return { life: crypto.randomUUID(), first: next, open: next, next, chars: 0, segments: [] }
}

/** The list without the items before the one of that number. */
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

/** Whether the open part has grown past what an index session should hold. */
function isTooLarge(list: Head): boolean {
  const items = list.next - list.open
  return items > mostOpenItems || (items > 1 && list.chars > mostOpenChars)
}

/** Whether the segment holds the oldest open items of the list, and so may take their place. */
function canTake(list: Head, sealed: SealedSegment): boolean {
  return sealed.life === list.life && sealed.first === list.open && sealed.end <= list.next
}

/** The list with a segment in the place of the open items that it holds. */
function withSegment(list: Head, { id, first, until, end }: SealedSegment): Head {
  return { ...list, open: end, chars: 0, segments: [...list.segments, { id, first, until }] }
}

/** The id of a segment's session. */
export function segmentName(life: string, segment: Segment): string {
  return `${life}:${segment.first}:${segment.id}`
}

/** The property of an index session that says that a segment is part of the list no more, and not deleted yet. */
export const droppedMark = 'dropped:'

/**
 * Makes `after` of the list `before`: removes the open items that are open no more, and marks the segments that are named no more.
 *
 * @param after - `undefined`: nothing is left of the list
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

/** Whether the patch has marked a segment as dropped. */
export function marksDropped(patch: Patch): boolean {
  return Object.keys(patch).some((name) => name.startsWith(droppedMark))
}

/** What is appended, and what has been prepared for it. */
export interface Append {
  readonly item: JsonValue
  /** The length of the item's JSON. */
  readonly chars: number
  /** How many items are kept; 0 or less: all. */
  readonly maxLength: number
  /** Until when the segments must live at least. */
  readonly ends: number
  /** The exact end of the list, where it is no whole number of seconds. */
  readonly endsAt: number | undefined
  /** A segment with the open items. */
  readonly sealed: SealedSegment | undefined
  /** By segment: until when it lives now. */
  readonly prolonged: ReadonlyMap<string, number>
}

/** What appending makes of a list; nothing may be written before the open items are sealed and the segments prolonged that it asks for. */
export interface Appended {
  /** The list before. */
  readonly list: Head
  readonly takesSealed: boolean
  readonly mustSeal: boolean
  readonly toProlong: readonly Segment[]
  readonly patch: Patch
}

/** Appends an item to the list of a head. */
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
