import { listedLength, type Slice } from '@context-store/core/adapter'
import type { KeyvCalls } from './keyv-calls.ts'
import type { IndexedName } from './name-index.ts'

/** A name of an index, with the value of its record. */
export interface ListedRecord extends IndexedName {
  /** `undefined` if there is no record, or none was read. */
  readonly value?: unknown
}

/** How many records are read at once at most. */
const mostAtOnce = 128

/**
 * Reads the records of names: so many at once that they have about `listedLength` characters, estimated from the longest
 * one seen so far.
 *
 * @param most - how many to read at once at most
 * @param longest - the assumed length of a record, in characters, until one has been seen
 */
export async function* withRecords(
  calls: KeyvCalls,
  names: AsyncIterable<IndexedName>,
  keyOf: (name: string) => string,
  most: number,
  longest: number,
): AsyncGenerator<ListedRecord, void, undefined> {
  let size = sizeFor(longest)
  let longestSeen = 0
  let waiting: IndexedName[] = []
  const read = async (): Promise<ListedRecord[]> => {
    const some = waiting
    waiting = []
    const values = await calls.readMany(some.map(({ name }) => keyOf(name)))
    longestSeen = Math.max(longestSeen, ...values.map(lengthOf))
    if (longestSeen > 0) size = sizeFor(longestSeen)
    return some.map((one, index) => ({ ...one, value: values[index] }))
  }
  for await (const one of names) {
    if (waiting.push(one) >= Math.min(size, most)) yield* await read()
  }
  yield* await read()
}

/**
 * A slice of a listing.
 *
 * @param itemOf - the item of a record; `undefined` to leave it out
 * @param length - the slice ends early once its records have this many characters
 */
export async function sliceOf<T>(
  records: AsyncIterable<ListedRecord>,
  limit: number,
  itemOf: (name: string, value: unknown) => T | undefined,
  length: number = Number.POSITIVE_INFINITY,
): Promise<Slice<T>> {
  const items: T[] = []
  let next: string | undefined
  let read = 0
  for await (const { name, position, value } of records) {
    const item = itemOf(name, value)
    if (item === undefined) continue
    if (items.length === limit) return { items, next }
    items.push(item)
    next = position
    read += lengthOf(value)
    if (read >= length) return { items, next }
  }
  return { items, next: undefined }
}

/** The length of a record. */
export function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0
}

function sizeFor(longest: number): number {
  return Math.min(mostAtOnce, Math.max(1, Math.floor(listedLength / longest)))
}
