import type { Slice } from '@context-store/core'

/** What can be listed in the order of its creation. */
export interface Ordered {
  /** Grows with every record that is made, and is never used twice. */
  readonly sequence: number
  /** False once the record is gone. */
  alive: boolean
}

/**
 * Records in the order of their creation, with a place to go on from that outlives any change: a Map's own
 * order has no way back to a place but from the start.
 *
 * A listing shows only what was there when it began: what is deleted and made again meanwhile would show twice.
 */
export class CreationOrder<R extends Ordered> {
  #records: R[] = []
  #dead = 0

  /** Adds a new record. */
  add(record: R): void {
    this.#records.push(record)
  }

  /** Tells that a record of this order is gone. */
  remove(record: R): void {
    record.alive = false
    this.#dead++
    if (this.#dead > 32 && this.#dead * 2 > this.#records.length) {
      this.#records = this.#records.filter((kept) => kept.alive)
      this.#dead = 0
    }
  }

  /** Part of the listing; `show` gives the item, or `undefined` for a record that is not to be shown. */
  slice<T>(from: string | undefined, limit: number, show: (record: R) => T | undefined): Slice<T> {
    const records = this.#records
    const [after = -1, until = records.at(-1)?.sequence ?? -1] = from?.split('-').map(Number) ?? []
    const items: T[] = []
    let last = after
    for (let i = this.#indexBehind(after); i < records.length; i++) {
      const record = records[i] as R
      if (record.sequence > until) break
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
