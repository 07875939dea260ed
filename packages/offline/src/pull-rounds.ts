import type { BackOff } from './back-off.ts'
import type { Outbox, Place } from './outbox.ts'
import type { Pulls } from './pulls.ts'

/** How many sessions are read at once. */
const atOnce = 4

/** Periodically reads the sessions on this device from the remote store. */
export class PullRounds {
  readonly #outbox: Outbox
  readonly #pulls: Pulls
  readonly #backOff: BackOff
  readonly #everySeconds: number | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #isRunning = false
  #isStopped = false

  constructor(outbox: Outbox, pulls: Pulls, backOff: BackOff, everySeconds: number | undefined) {
    this.#outbox = outbox
    this.#pulls = pulls
    this.#backOff = backOff
    this.#everySeconds = everySeconds
  }

  start(): void {
    if (this.#everySeconds === undefined) return
    this.#timer = setInterval(() => void this.#round(), this.#everySeconds * 1000)
    ;(this.#timer as { unref?(): void }).unref?.()
  }

  stop(): void {
    this.#isStopped = true
    clearInterval(this.#timer)
  }

  /** Reads all of them, starting with the one whose last read is longest ago; ends at the first failure. */
  async #round(): Promise<void> {
    if (this.#isRunning || this.#backOff.isWaiting) return
    this.#isRunning = true
    try {
      const places = (await this.#longestUnseen()).values()
      const pull = async (): Promise<void> => {
        for (const place of places) {
          if (this.#isStopped || this.#backOff.isWaiting) return
          await this.#pulls.pull(place)
        }
      }
      await Promise.all(Array.from({ length: atOnce }, pull))
    } catch {
      // The next round tries again; being offline is not an error.
      if (!this.#isStopped) this.#backOff.failed()
    } finally {
      this.#isRunning = false
    }
  }

  async #longestUnseen(): Promise<Place[]> {
    const found: [Place, number][] = []
    let from: string | undefined
    do {
      const { items, next } = await this.#outbox.seenSessions(from)
      found.push(...items)
      from = next
    } while (from !== undefined)
    return found.sort(([, a], [, b]) => a - b).map(([place]) => place)
  }
}
