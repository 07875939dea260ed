import type { Slice } from '@context-store/core/adapter'

/** A slice of a listing that was queried for more than `limit` items, to see whether there are more. */
export function sliceOf<T>(found: readonly T[], limit: number, position: (item: T) => string): Slice<T> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? position(last) : undefined }
}
