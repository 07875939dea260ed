import type { Slice } from '@context-store/core/adapter'

/** A slice of a listing, of which more than `limit` items were asked for, to see whether there is more. */
export function sliceOf<T>(found: readonly T[], limit: number, position: (item: T) => string): Slice<T> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? position(last) : undefined }
}
