import { absent, StoreUnavailableError } from '@context-store/core'
import type { Outbox } from './outbox.ts'
import { changesOf, type RecordChanges, recordPatch } from './outbox-record.ts'

/** How often a lease is renewed, and after how long without renewal another may take it, in milliseconds. */
const [beatEvery, lapsesAfter] = [2_000, 6_000]
/** How often to check a lease that another holds, in milliseconds. */
const lookEvery = 100

/**
 * Lets only one of all tabs and processes that have a local store open send at a time: an older request that arrives after
 * a newer one would undo it.
 */
export interface PusherLock {
  /**
   * Runs `work` while holding the lock; resolves to `undefined` if the signal was aborted before.
   *
   * @param work - receives a function that throws once the lock is lost
   */
  hold<T>(signal: AbortSignal, work: (check: () => void) => Promise<T>): Promise<T | undefined>
}

/** The kind of lock for this runtime. */
export function pusherLock(outbox: Outbox): PusherLock {
  // Web Locks of Node do not reach beyond the process. Bundlers give pages a `process` too, but without a Node version.
  const { process } = globalThis as { process?: { versions?: { node?: string } } }
  const isBrowser = globalThis.navigator?.locks !== undefined && process?.versions?.node === undefined
  return isBrowser ? new WebLock(outbox) : new Lease(outbox)
}

/** A Web Lock: the browser releases it when the page is gone, and it does not depend on throttled timers. */
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
 * A record in the local store, for processes that share it. It does not depend on clocks: a process may take the lease
 * after it has seen it unchanged for long enough.
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
      // Stops before another process can take the lease, because a request takes a while to arrive.
      if (!isLost && performance.now() - lastBeat < lapsesAfter - beatEvery) return
      throw new StoreUnavailableError('another process is now sending')
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

  /** Replaces the expected mark with a new one of this holder. */
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
