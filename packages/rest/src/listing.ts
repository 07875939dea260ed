import type { Answer } from './answer.ts'
import { Refusal } from './refusal.ts'

/** The longest answer of a listing with more than one entry, in UTF-16 units. */
const mostLength = 100_000_000

/**
 * Collects the entries of a listing as JSON, so that the entries themselves need not be kept. Beyond the length above
 * it is a 400, with `advice` in the message; a single entry has no limit.
 */
export class Listing {
  readonly #advice: string
  readonly #texts: string[] = []
  #length = 0

  constructor(advice = '') {
    this.#advice = advice
  }

  /** The number of entries. */
  get size(): number {
    return this.#texts.length
  }

  add(entry: object | string): void {
    const text = JSON.stringify(entry)
    this.#texts.push(text)
    this.#length += text.length
    if (this.#length > mostLength && this.#texts.length > 1) {
      throw new Refusal(400, `the answer would be longer than ${mostLength} characters${this.#advice}`)
    }
  }

  answer(): Answer {
    const body = `[${this.#texts.join(',')}]`
    return { status: 200, body, headers: { 'content-type': 'application/json' } }
  }
}
