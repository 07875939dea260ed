import type { Slice } from '@context-store/core/adapter'

/** A record that can be listed in the order of creation. */
export interface Ordered {
  /** Grows with every new record, and is never reused. */
  readonly sequence: number
  /** False once the record has been removed. */
  alive: boolean
}

/**
 * Records in the order of their creation, with positions that stay valid when records change; a Map can only be iterated
 * from its start.
 *
 * A listing returns only records that existed when it began: one that is deleted and recreated meanwhile would otherwise
 * be listed twice.
 */
export class CreationOrder<R extends Ordered> {
  #records: R[] = []
  #dead = 0

  /** Adds a new record. */
  add(record: R): void {
    this.#records.push(record)
  }

  /** Records that a record of this order has been removed. */
  remove(record: R): void {
    record.alive = false
    this.#dead++
    if (this.#dead > 32 && this.#dead * 2 > this.#records.length) {
      this.#records = this.#records.filter((kept) => kept.alive)
      this.#dead = 0
    }
  }

  /** Releases every record. */
  clear(): void {
    this.#records = []
    this.#dead = 0
  }

  /**
   * Returns part of the listing.
   *
   * @param show - returns the item for a record, or `undefined` if it must not be listed
   * @param isFull - whether the slice must end although it has fewer than `limit` items
   */
  slice<T>(
    from: string | undefined,
    limit: number,
    show: (record: R) => T | undefined,
    isFull?: () => boolean,
  ): Slice<T> {
    const records = this.#records
    const [after = -1, until = records.at(-1)?.sequence ?? -1] = from?.split('-').map(Number) ?? []
    const items: T[] = []
    let last = after
    for (let i = this.#indexBehind(after); i < records.length; i++) {
      const record = records[i] as R
      if (record.sequence > until) break
      if (items.length > 0 && isFull?.()) return { items, next: `${last}-${until}` }
      const item = record.alive ? show(record) : undefined
      if (item === undefined) continue
      if (items.length === limit) return { items, next: `${last}-${until}` }
      items.push(item)
      last = record.sequence
    }
    return { items, next: undefined }
  }

  #indexBehind(sequence: number): number {
    let low = 0
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#records[middle] as R).sequence <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
