import { absent, StoreUnavailableError } from '@context-store/core'
import type { Outbox } from './outbox.ts'
import { changesOf, type RecordChanges, recordPatch } from './outbox-record.ts'

/** How often the holder of a lease shows that it lives, and after how long without that another takes it, in milliseconds. */
const [beatEvery, lapsesAfter] = [2_000, 6_000]
/** How often a lease that somebody has is looked at. */
const lookEvery = 100

/**
 * Lets one of all that have a local store open send at a time: an older request that arrives behind a newer one would
 * undo it.
 */
export interface PusherLock {
  /**
   * Runs a work while nobody else runs one; `undefined`: the signal came first.
   *
   * @param work - gets a function that throws once the lock is lost
   */
  hold<T>(signal: AbortSignal, work: (check: () => void) => Promise<T>): Promise<T | undefined>
}

/** The lock of this host. */
export function pusherLock(outbox: Outbox): PusherLock {
  // Node's own Web Locks end at the process. Bundlers give pages a `process` too, without a version of Node.
  const { process } = globalThis as { process?: { versions?: { node?: string } } }
  const isBrowser = globalThis.navigator?.locks !== undefined && process?.versions?.node === undefined
  return isBrowser ? new WebLock(outbox) : new Lease(outbox)
}

/** The browser's: it frees the lock of a page that goes away, and does not depend on timers that it slows down. */
class WebLock implements PusherLock {
  readonly #outbox: Outbox
  #name: Promise<string> | undefined

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  async hold<T>(signal: AbortSignal, work: (check: () => void) => Promise<T>): Promise<T | undefined> {
    this.#name ??= this.#outbox.storeName()
    let name: string
    try {
      name = `context-store offline ${await this.#name}`
    } catch (error) {
      this.#name = undefined
      throw error
    }
    let isHeld = false
    try {
      return await navigator.locks.request(name, { signal }, () => {
        isHeld = true
        return work(() => undefined)
      })
    } catch (error) {
      if (isHeld || !signal.aborted) throw error
      return undefined
    }
  }
}

/**
 * A record in the local store, for processes that share it. Nobody's clock counts: a lease lapses for whoever has seen
 * it unchanged for long enough.
 */
class Lease implements PusherLock {
  readonly #outbox: Outbox
  readonly #holder: string
  #beats = 0

  constructor(outbox: Outbox) {
    this.#outbox = outbox
    this.#holder = outbox.stamp()
  }

  async hold<T>(signal: AbortSignal, work: (check: () => void) => Promise<T>): Promise<T | undefined> {
    if (!(await this.#acquire(signal))) return undefined
    let isLost = false
    let lastBeat = performance.now()
    const beat = async (): Promise<void> => {
      const expected = this.#mark()
      if (await this.#replace(expected)) lastBeat = performance.now()
      else isLost = true
    }
    let beating = Promise.resolve()
    const timer = setInterval(() => {
      beating = beating.then(beat).catch(() => undefined)
    }, beatEvery)
    ;(timer as { unref?(): void }).unref?.()
    const check = (): void => {
      // Sooner than another can take it: what is sent now takes a while to arrive.
      if (!isLost && performance.now() - lastBeat < lapsesAfter - beatEvery) return
      throw new StoreUnavailableError('another process has taken over the sending')
    }
    try {
      return await work(check)
    } finally {
      clearInterval(timer)
      await beating
      if (!isLost) await this.#release().catch(() => undefined)
    }
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    let seen: string | undefined
    let since = 0
    for (;;) {
      if (signal.aborted) return false
      const found = await this.#outbox.read(this.#address)
      const mark = found.mark === undefined ? undefined : String(found.mark)
      if (mark !== seen) {
        seen = mark
        since = performance.now()
      }
      const isFree = mark === undefined || performance.now() - since >= lapsesAfter
      if (isFree && (await this.#replace({ mark: mark ?? absent }))) return true
      if (!isFree) await pause(lookEvery, signal)
    }
  }

  /** Puts a fresh mark of this holder's in place of what is expected. */
  async #replace(expected: RecordChanges): Promise<boolean> {
    const mark = `${this.#holder}-${this.#beats + 1}`
    const address = this.#address
    const refused = await this.#outbox.batch({}, [
      { kind: 'patch', address, request: recordPatch({ mark }, expected) },
    ])
    if (refused !== undefined) return false
    this.#beats++
    return true
  }

  async #release(): Promise<void> {
    const expected = changesOf(this.#mark())
    await this.#outbox.batch({}, [{ kind: 'clear', address: this.#address, expected }])
  }

  #mark(): RecordChanges {
    return { mark: `${this.#holder}-${this.#beats}` }
  }

  get #address(): ReturnType<Outbox['ownAddress']> {
    return this.#outbox.ownAddress('lease')
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end, { once: true })
  })
}
