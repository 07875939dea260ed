import type { ListOptions, Page } from './api.ts'
import { InvalidOptionError } from './errors.ts'
import type { Slice } from './storage-adapter.ts'

/** The items of a page that states no limit. */
export const defaultPageSize = 100

/** A request for a page, checked. */
export interface PageRequest {
  /** Where the adapter's listing goes on; `undefined`: from the start. */
  readonly from: string | undefined
  /** At most so many items. */
  readonly limit: number
}

/**
 * Checks what a page is asked for. A cursor bears a checksum over its listing and its position, so that one of
 * another listing, or one made up, is told from one that this listing gave.
 */
export function pageRequest(listing: readonly string[], options: ListOptions | undefined): PageRequest {
  const { cursor, limit = defaultPageSize } = options ?? {}
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new InvalidOptionError('limit: a whole number from 1 to 1000')
  }
  if (cursor === undefined) return { from: undefined, limit }
  const dot = typeof cursor === 'string' ? cursor.indexOf('.') : -1
  const from = dot === -1 ? '' : cursor.slice(dot + 1)
  if (dot === -1 || cursor.slice(0, dot) !== checksum([...listing, from])) {
    throw new InvalidOptionError('cursor: not one that this listing gave')
  }
  return { from, limit }
}

/** The page that a slice makes. */
export function pageOf<T>(listing: readonly string[], slice: Slice<T>): Page<T> {
  const { items, next } = slice
  return next === undefined ? { items } : { items, cursor: `${checksum([...listing, next])}.${next}` }
}

/** FNV-1a, 32 bits, over the parts and their lengths: against mix-ups, not against forgers. */
function checksum(parts: readonly string[]): string {
  let hash = 0x811c9dc5
  for (const part of parts) {
    hash = Math.imul(hash ^ part.length, 0x01000193)
    for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193)
  }
  return (hash >>> 0).toString(36)
}
