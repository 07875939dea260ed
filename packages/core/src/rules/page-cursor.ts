import type { ListOptions, Page } from '../api/context-store.ts'
import { InvalidOptionError } from '../api/errors.ts'
import type { ListRequest, Slice } from '../port/storage-adapter.ts'

/** The number of items on a page if no limit is given. */
export const defaultPageSize = 100

/**
 * Checks the cursor and the limit of a page. A cursor contains a checksum of its listing and its position, which
 * exposes a cursor of another listing, or an invented one.
 */
export function pageRequest(
  listing: readonly string[],
  { cursor, limit = defaultPageSize }: ListOptions,
): ListRequest {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new InvalidOptionError('limit: must be a whole number from 1 to 1000')
  }
  if (cursor === undefined) return { from: undefined, limit }
  const dot = typeof cursor === 'string' ? cursor.indexOf('.') : -1
  const from = dot === -1 ? '' : cursor.slice(dot + 1)
  if (dot === -1 || cursor.slice(0, dot) !== checksum([...listing, from])) {
    throw new InvalidOptionError('cursor: must come from this listing')
  }
  return { from, limit }
}

/** Makes a page of a slice. */
export function pageOf<T>(listing: readonly string[], slice: Slice<T>): Page<T> {
  const { items, next } = slice
  return next === undefined ? { items } : { items, cursor: `${checksum([...listing, next])}.${next}` }
}

/** FNV-1a, 32 bits, over the parts and their lengths: it detects mistakes, not forgery. */
function checksum(parts: readonly string[]): string {
  let hash = 0x811c9dc5
  for (const part of parts) {
    hash = Math.imul(hash ^ part.length, 0x01000193)
    for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193)
  }
  return (hash >>> 0).toString(36)
}
