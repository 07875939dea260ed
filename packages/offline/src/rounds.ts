import { ContextStoreError, StoreUnavailableError } from '@context-store/core'
import type { BackOff } from './back-off.ts'
import type { Outbox, Place } from './outbox.ts'
import { isPending, refusalsOf } from './outbox-record.ts'
import { type PusherLock, pusherLock } from './pusher-lock.ts'
import type { Pushes } from './pushes.ts'
import { isForGood, type RemoteCalls } from './remote-calls.ts'
import type { SyncStatus } from './sync-status.ts'

/** How many sessions are sent at once. */
const atOnce = 16
/** After so many failures in a row, the round ends: the rest would probably fail too. */
const mostFailures = 3
/** How long a background round waits for more writes, in milliseconds. */
const gathering = 20
/** How long a new write waits at most after a failure, in milliseconds: another session may have failed. */
const patience = 5_000

/** Sends unsent writes, in rounds, one after the other. */
export class Rounds {
  readonly #outbox: Outbox
  readonly #remote: RemoteCalls
  readonly #status: SyncStatus
  readonly #pushes: Pushes
  readonly #backOff: BackOff
  readonly #lock: PusherLock
  readonly #isBackground: boolean
  readonly #stopped = new AbortController()
  #last: Promise<void> = Promise.resolve()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the timer fires. */
  #due = 0
  /** Whether the writes left by an earlier run or another tab have been found. */
  #hasLooked = false
  /** Whether the status counts what earlier runs left; before, nothing has been sent. */
  #isCounted = false

  constructor(
    outbox: Outbox,
    remote: RemoteCalls,
    status: SyncStatus,
    pushes: Pushes,
    backOff: BackOff,
    isBackground: boolean,
  ) {
    this.#outbox = outbox
    this.#remote = remote
    this.#status = status
    this.#pushes = pushes
    this.#backOff = backOff
    this.#isBackground = isBackground
    this.#lock = pusherLock(outbox)
  }

  /** Starts sending in the background, including what an earlier run has left. */
  start(): void {
    if (!this.#isBackground) return
    globalThis.addEventListener?.('online', this.#online)
    this.#wakeIn(0)
  }

  /** Counts the unsent and rejected writes that earlier runs left, so that the status is true before the first round. */
  async count(): Promise<void> {
    if (!this.#isCounted) await this.#findAll(() => this.#isCounted)
  }

  /** Notes a write. */
  wrote(place: Place): void {
    this.#status.wrote(place)
    this.wake()
  }

  /** Schedules a background round: soon, or a little later if the last attempt failed. */
  wake(): void {
    this.#wakeIn(Math.min(this.#backOff.left, patience))
  }

  /** Makes a round over everything that is pending; never rejects. */
  flush(signal: AbortSignal | undefined): Promise<void> {
    const { signal: stopped } = this.#stopped
    const ends = signal === undefined ? stopped : AbortSignal.any([stopped, signal])
    const round = this.#next(ends, true)
    return new Promise((resolve) => {
      const end = (): void => {
        ends.removeEventListener('abort', end)
        resolve()
      }
      ends.addEventListener('abort', end)
      if (ends.aborted) end()
      else void round.then(end)
    })
  }

  /** Runs `work` while nothing is sent, by this store or any other that shares the local one. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const done = await this.#lock.hold(this.#stopped.signal, async () => ({ value: await work() }))
    if (done === undefined) throw new StoreUnavailableError('the store is being closed')
    return done.value
  }

  /** Ends the current round, without waiting for the network. */
  halt(): void {
    globalThis.removeEventListener?.('online', this.#online)
    clearTimeout(this.#timer)
    this.#stopped.abort()
  }

  /** Ends the current round, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.halt()
    await this.#last
  }

  readonly #online = (): void => {
    this.#backOff.reset()
    this.#hasLooked = false
    this.#wakeIn(0)
  }

  /** Schedules a background round, unless an earlier one is scheduled. */
  #wakeIn(delay: number): void {
    if (!this.#isBackground || this.#stopped.signal.aborted) return
    const due = performance.now() + Math.max(delay, gathering)
    if (this.#timer !== undefined && this.#due <= due) return
    clearTimeout(this.#timer)
    this.#due = due
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        void this.#next(this.#stopped.signal, !this.#hasLooked)
      },
      Math.max(delay, gathering),
    )
    // A process that has nothing else to do may exit: unsent writes stay in the local store.
    ;(this.#timer as { unref?(): void }).unref?.()
  }

  #next(signal: AbortSignal, isWhole: boolean): Promise<void> {
    this.#last = this.#last.then(() => this.#round(signal, isWhole))
    return this.#last
  }

  async #round(signal: AbortSignal, isWhole: boolean): Promise<void> {
    if (signal.aborted) return
    let failure: ContextStoreError | undefined
    let hasBegun = false
    try {
      await this.#lock.hold(signal, async (check) => {
        hasBegun = true
        const unread = isWhole ? await this.#findAll() : undefined
        // A damaged record does not keep the rest from being sent.
        this.#isCounted = true
        if (isWhole && unread === undefined) this.#hasLooked = true
        this.#status.began()
        const mayGoOn = (): void => {
          check()
          if (signal.aborted) throw new StoreUnavailableError('sending was stopped')
        }
        const uncreated = await this.#sendNamespaces(mayGoOn)
        failure = (await this.#sendSessions(mayGoOn)) ?? uncreated ?? unread
      })
    } catch (error) {
      failure = storeError(error)
    }
    if (!hasBegun && failure === undefined) return
    // A flush that was ended early says nothing about the network.
    if (signal.aborted) failure = this.#status.current.lastError
    this.#status.ended(failure, this.#now())
    if (failure === undefined) this.#backOff.reset()
    else this.#backOff.failed()
    if (failure !== undefined || this.#status.pending.size > 0) this.#wakeIn(this.#backOff.left)
  }

  /** The time by the store's clock; `undefined` if the clock throws. */
  #now(): number | undefined {
    try {
      return this.#outbox.engine.rules.now()
    } catch {
      return undefined
    }
  }

  /**
   * Finds all sessions with unsent or rejected writes; resolves to the error if not all could be read. Stops if
   * `isOutdated`: what it read may have been sent meanwhile.
   */
  async #findAll(isOutdated = () => false): Promise<ContextStoreError | undefined> {
    try {
      let from: string | undefined
      do {
        const { items, next } = await this.#outbox.records(from)
        if (isOutdated()) return undefined
        for (const [place, record] of items) {
          this.#status.note(place, isPending(record), refusalsOf(record).size > 0)
        }
        from = next
      } while (from !== undefined)
      this.#isCounted = true
      return undefined
    } catch (error) {
      // A damaged record must not block the writes that this store knows about.
      return storeError(error)
    }
  }

  /** Sends the creation of namespaces; resolves to the last failure. */
  async #sendNamespaces(mayGoOn: () => void): Promise<ContextStoreError | undefined> {
    let failure: ContextStoreError | undefined
    for (const { account, namespace, stamp, seconds } of await this.#outbox.unsentNamespaces()) {
      mayGoOn()
      const options =
        seconds !== undefined && this.#remote.can.timeToLive ? { ttlSeconds: seconds } : undefined
      try {
        await this.#remote.ask((store) => store.account(account).namespace(namespace).create(options))
      } catch (error) {
        // If it cannot be created, its patches are rejected; a remote store without `create` creates it with them.
        if (!ContextStoreError.is(error) || !isForGood(error)) {
          failure = storeError(error)
          continue
        }
      }
      await this.#outbox.forgetNamespace(account, namespace, stamp)
    }
    return failure
  }

  /** Sends the sessions that are pending now; resolves to the last failure. */
  async #sendSessions(mayGoOn: () => void): Promise<ContextStoreError | undefined> {
    const places = [...this.#status.pending.values()].values()
    const refused = new Set<string>()
    let failure: ContextStoreError | undefined
    let failures = 0
    const send = async (): Promise<void> => {
      for (const place of places) {
        if (failures >= mostFailures) return
        if (refused.has(place.data.account)) continue
        try {
          mayGoOn()
          await this.#pushes.push(place, mayGoOn)
          failures = 0
        } catch (error) {
          failure = storeError(error)
          if (failure.code === 'unauthorized') refused.add(place.data.account)
          else failures++
        }
      }
    }
    await Promise.all(Array.from({ length: atOnce }, send))
    return failure
  }
}

function storeError(error: unknown): ContextStoreError {
  if (ContextStoreError.is(error)) return error
  return new StoreUnavailableError('sending failed: see the cause', { cause: error })
}
