import { AsyncLocalStorage } from 'node:async_hooks'
import { StoreUnavailableError } from '@context-store/core'
import type { KeyedLocks } from '@context-store/core/adapter'
import type { KeyvInstance } from './keyv-instance.ts'
import { locksOf } from './storage-locks.ts'

/** A pending call of Keyv, with the error events that it caused or may have caused. */
interface WatchedCall {
  ended: boolean
  readonly errors: unknown[]
}

type Emitter = Pick<KeyvInstance, 'on' | 'off'>

type Outcome = 'not-applied' | 'unknown'

/** The call that an error event belongs to: the event is emitted in the asynchronous context of its call. */
const underWay = new AsyncLocalStorage<WatchedCall>()

/**
 * The calls of a Keyv, which reject if its backend fails.
 *
 * Keyv, and adapters such as that of Redis, report most failures only as an `error` event, and then answer as if the key
 * were missing or the write had succeeded. So each call is watched: an answer that has every value is accepted; any
 * other one is accepted only if there was no error event. An event that belongs to no pending call (such as that of a
 * broken connection) counts against all of them. Listeners are attached only while calls are pending.
 */
export class KeyvCalls {
  readonly #keyv: KeyvInstance
  readonly #calls = new Set<WatchedCall>()
  #emitters: readonly Emitter[] = []

  constructor(keyv: KeyvInstance) {
    this.#keyv = keyv
  }

  /** The locks of the storage; see {@link locksOf}. */
  get locks(): KeyedLocks {
    return locksOf(this.#keyv.store)
  }

  /**
   * The value of the key; `undefined` if there is none.
   *
   * @param outcome - the outcome of the whole call, of which this read is part, if the read fails
   */
  read(key: string, outcome: Outcome = 'not-applied'): Promise<unknown> {
    return this.#watch(
      outcome,
      async () => (await this.#keyv.getRaw(key))?.value,
      (value) => value !== undefined,
    )
  }

  /** The values of several keys, in one round trip if the storage adapter supports it. */
  async readMany(keys: readonly string[]): Promise<readonly unknown[]> {
    // If the adapter has no getMany, Keyv makes single reads and returns failed ones as missing.
    const { store } = this.#keyv
    if (keys.length < 2 || !('getMany' in store) || typeof store.getMany !== 'function') {
      return Promise.all(keys.map((key) => this.read(key)))
    }
    return this.#watch(
      'not-applied',
      async () => {
        const values = await this.#keyv.getMany([...keys])
        if (values.length === keys.length) return values
        throw new Error(`getMany returned ${values.length} values for ${keys.length} keys`)
      },
      (values) => values.every((value) => value !== undefined),
    )
  }

  /** Writes a text; `ttl` in milliseconds, 0: no expiry, whatever the Keyv's own default is. */
  async write(key: string, text: string, ttl: number): Promise<void> {
    await this.#watch('unknown', async () => {
      if ((await this.#keyv.set(key, text, ttl)) === false) throw this.#refusal('set')
    })
  }

  /** Removes a key; a missing key is not an error. */
  async remove(key: string): Promise<void> {
    await this.#watch('unknown', async () => {
      if (await this.#keyv.delete(key)) return
      // Keyv returns false if the key was missing, and also if its adapter failed.
      if ((await this.#keyv.getRaw(key)) !== undefined) throw this.#refusal('delete')
    })
  }

  async #watch<T>(
    outcome: Outcome,
    work: () => Promise<T>,
    isProof: (value: T) => boolean = () => false,
  ): Promise<T> {
    const call: WatchedCall = { ended: false, errors: [] }
    this.#begin(call)
    try {
      const value = await underWay.run(call, work)
      if (call.errors.length > 0 && !isProof(value)) throw call.errors[0]
      return value
    } catch (cause) {
      throw new StoreUnavailableError("the Keyv's backend failed: see the cause", { cause, outcome })
    } finally {
      call.ended = true
      this.#end(call)
    }
  }

  /** The reason why a write failed: the error event, if there was one. */
  #refusal(method: string): unknown {
    const [event] = underWay.getStore()?.errors ?? []
    return event ?? new Error(`Keyv's ${method} reported a failure without an error event`)
  }

  readonly #heard = (error: unknown): void => {
    const call = underWay.getStore()
    // A connection keeps the context of the call that opened it, which may no longer be pending.
    if (call !== undefined && !call.ended) call.errors.push(error)
    else for (const each of this.#calls) each.errors.push(error)
  }

  #begin(call: WatchedCall): void {
    this.#calls.add(call)
    if (this.#calls.size > 1) return
    // Both: with `emitErrors: false` the Keyv forwards no events, and errors that it catches are its own events.
    this.#emitters = [this.#keyv, this.#keyv.store].filter(isEmitter)
    for (const emitter of this.#emitters) emitter.on('error', this.#heard)
  }

  #end(call: WatchedCall): void {
    this.#calls.delete(call)
    if (this.#calls.size > 0) return
    for (const emitter of this.#emitters) emitter.off('error', this.#heard)
  }
}

function isEmitter(value: object): value is Emitter {
  return 'on' in value && typeof value.on === 'function' && 'off' in value && typeof value.off === 'function'
}
