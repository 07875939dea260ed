import { type JsonValue, TooLargeError } from '@context-store/core'
import type { SessionRecord } from './records.ts'

/** The estimated bytes of a session without its properties: the record, its map entry, its id. */
const sessionBytes = 256

/** The sessions ordered by use, in a linked list through the records themselves, and their total bytes. */
export class RecentUse {
  readonly #maxSessions: number
  readonly #maxBytes: number
  #newest: SessionRecord | undefined
  #oldest: SessionRecord | undefined
  #sessions = 0
  #bytes = 0

  constructor(maxSessions: number | undefined, maxBytes: number | undefined) {
    this.#maxSessions = maxSessions ?? Number.POSITIVE_INFINITY
    this.#maxBytes = maxBytes ?? Number.POSITIVE_INFINITY
  }

  /** The session to remove next; `undefined`: the bounds hold. */
  get surplus(): SessionRecord | undefined {
    return this.#sessions > this.#maxSessions || this.#bytes > this.#maxBytes ? this.#oldest : undefined
  }

  /** Throws if a session alone would exceed `maxBytes`. */
  check(bytes: number): void {
    if (sessionBytes + bytes > this.#maxBytes) {
      throw new TooLargeError(
        `it would take about ${sessionBytes + bytes} bytes, maxBytes ${this.#maxBytes}: remove properties first`,
      )
    }
  }

  /** Records that a session was used; the first time adds it. */
  touch(record: SessionRecord): void {
    if (record === this.#newest) return
    if (record.older !== undefined || record.newer !== undefined) this.#unlink(record)
    else this.#enter()
    record.older = this.#newest
    record.newer = undefined
    if (this.#newest !== undefined) this.#newest.newer = record
    this.#newest = record
    this.#oldest ??= record
  }

  /** Records by how many bytes a session's properties grew. */
  grow(record: SessionRecord, bytes: number): void {
    record.bytes += bytes
    this.#bytes += bytes
  }

  /** Releases every session. */
  clear(): void {
    this.#newest = undefined
    this.#oldest = undefined
    this.#sessions = 0
    this.#bytes = 0
  }

  /** Records that a session was removed. */
  remove(record: SessionRecord): void {
    this.#unlink(record)
    record.older = undefined
    record.newer = undefined
    this.#sessions--
    this.#bytes -= record.bytes + sessionBytes
  }

  #enter(): void {
    this.#sessions++
    this.#bytes += sessionBytes
  }

  #unlink(record: SessionRecord): void {
    const { older, newer } = record
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }
}

/** The estimated bytes of a property: two bytes per character, plus the JavaScript engine's headers and slots. */
export function bytesOfProperty(name: string, value: JsonValue): number {
  return 16 + 2 * name.length + bytesOf(value)
}

function bytesOf(value: JsonValue): number {
  if (typeof value === 'string') return 24 + 2 * value.length
  if (typeof value !== 'object' || value === null) return 16
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + bytesOf(item), 40)
  return Object.keys(value).reduce((sum, name) => sum + bytesOfProperty(name, value[name] as JsonValue), 56)
}
