import type { Answer } from './answer.ts'
import { Refusal } from './refusal.ts'

/** The longest answer of a listing with more than one entry, in UTF-16 units. */
const mostLength = 100_000_000

/**
 * Collects the entries of a listing as JSON, so that what is read from the store need not be kept; 400 past the
 * length above, with `advice` in its message. One entry alone is always answered.
 */
export class Listing {
  readonly #advice: string
  readonly #texts: string[] = []
  #length = 0

  constructor(advice = '') {
    this.#advice = advice
  }

  /** How many entries there are. */
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
