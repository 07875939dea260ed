import { setTimeout as delay } from 'node:timers/promises'
import { type ContextStore, ContextStoreError, type Namespace } from '@context-store/core'
import { expect } from 'vitest'
import { seededRandom } from './seeded.ts'

type Outcome = 'applied' | 'not-applied' | 'unknown'

interface Write {
  readonly session: number
  readonly name: string
  outcome: Outcome
}

/**
 * Writers that continuously patch sessions of one namespace, and record the outcome of each patch. Every patch writes its
 * own property, so that the patches can be distinguished afterwards.
 */
export class PatchStream {
  /** How many patches had each outcome. */
  readonly counts: Record<Outcome, number> = { applied: 0, 'not-applied': 0, unknown: 0 }
  readonly #namespace: Namespace
  readonly #sessions: number
  readonly #random: () => number
  readonly #written: Write[] = []
  readonly #writers: readonly Promise<void>[]
  readonly #onWrite = new Set<() => void>()
  #begun = 0
  #isOver = false

  constructor(store: ContextStore, seed: number, { sessions = 200, writers = 16 } = {}) {
    this.#namespace = store.account('1').namespace('stream')
    this.#sessions = sessions
    this.#random = seededRandom(seed)
    this.#writers = Array.from({ length: writers }, () => this.#write())
  }

  /** Resolves once this many more patches are acknowledged. */
  async acknowledges(more: number): Promise<void> {
    const wanted = this.counts.applied + more
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (this.counts.applied < wanted) return
        this.#onWrite.delete(look)
        resolve()
      }
      this.#onWrite.add(look)
      Promise.all(this.#writers).catch(reject)
    })
  }

  /** Stops the writers, and resolves once their last patches have settled. */
  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#writers)
  }

  async #write(): Promise<void> {
    while (!this.#isOver) {
      const session = Math.floor(this.#random() * this.#sessions)
      const write: Write = { session, name: `p${this.#begun++}`, outcome: 'applied' }
      try {
        await this.#namespace.session(`${session}`).patch({ [write.name]: session })
      } catch (error) {
        if (!ContextStoreError.is(error, 'unavailable')) throw error
        write.outcome = error.outcome
        // Retries a server that is down without flooding it.
        await delay(5)
      }
      this.#written.push(write)
      this.counts[write.outcome]++
      for (const look of this.#onWrite) look()
    }
  }

  /** Asserts that every acknowledged patch is there, no refused one is, and each session is listed once. */
  async isKept(): Promise<void> {
    const found = await Promise.all(
      Array.from({ length: this.#sessions }, (_, index) => this.#namespace.session(`${index}`).getAll()),
    )
    const isThere = ({ session, name }: Write): boolean => found[session]?.[name] === session
    const lost = this.#written.filter((write) => write.outcome === 'applied' && !isThere(write))
    const thereThough = this.#written.filter((write) => write.outcome === 'not-applied' && isThere(write))
    expect({ lost, thereThough }).toEqual({ lost: [], thereThough: [] })
    const listed: string[] = []
    for await (const { id } of this.#namespace.sessions()) listed.push(id)
    const filled = found.flatMap((properties, index) =>
      Object.keys(properties).length > 0 ? [`${index}`] : [],
    )
    expect(listed.sort()).toEqual(filled.sort())
  }
}
