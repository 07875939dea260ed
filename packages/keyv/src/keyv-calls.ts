import { AsyncLocalStorage } from 'node:async_hooks'
import { StoreUnavailableError } from '@context-store/core'
import type { KeyvInstance } from './keyv-instance.ts'

/** A call of Keyv's that is under way, with the error events that it caused, or may have. */
interface WatchedCall {
  ended: boolean
  readonly own: unknown[]
  readonly stray: unknown[]
}

interface Emitter {
  on(event: string, listener: (error: unknown) => void): unknown
  off(event: string, listener: (error: unknown) => void): unknown
}

/** Which call an error event belongs to: it is emitted in the course of that call, however many others run. */
const underWay = new AsyncLocalStorage<WatchedCall>()

/**
 * Calls of a Keyv that fail where its backend fails.
 *
 * Keyv, and adapters such as that of Redis, tell of most failures by an `error` event alone, and then answer as if
 * the key were missing or the write done. So each call is watched: an answer that shows a value is good; any other
 * one is only believed if no error event came with it. An event that belongs to no call under way (of a
 * connection that broke, say) is held against all of them. Listeners are there only while calls are.
 */
export class KeyvCalls {
  readonly #keyv: KeyvInstance
  readonly #calls = new Set<WatchedCall>()
  #emitters: readonly Emitter[] = []

  constructor(keyv: KeyvInstance) {
    this.#keyv = keyv
  }

  /** What the key holds; `undefined`: nothing. */
  read(key: string): Promise<unknown> {
    return this.#watch(
      'not-applied',
      async () => (await this.#keyv.getRaw(key))?.value,
      (value) => value !== undefined,
    )
  }

  /** What several keys hold, in one round trip where the adapter can. */
  async readMany(keys: readonly string[]): Promise<readonly unknown[]> {
    // Without a getMany of the adapter's, Keyv makes single reads and gives failed ones out as missing.
    const { store } = this.#keyv
    if (keys.length < 2 || !('getMany' in store) || typeof store.getMany !== 'function') {
      return Promise.all(keys.map((key) => this.read(key)))
    }
    return this.#watch(
      'not-applied',
      async () => {
        const values = await this.#keyv.getMany([...keys])
        if (values.length !== keys.length)
          throw new Error('getMany gave another number of values than of keys')
        return values
      },
      (values) => values.every((value) => value !== undefined),
    )
  }

  /** Writes a text; `ttl` in milliseconds, 0: for ever, whatever the Keyv's own default is. */
  async write(key: string, text: string, ttl: number): Promise<void> {
    await this.#watch('unknown', async () => {
      if ((await this.#keyv.set(key, text, ttl)) === false) throw this.#refusal('set')
    })
  }

  /** Removes a key; one that is not there is no error. */
  async remove(key: string): Promise<void> {
    await this.#watch('unknown', async () => {
      if (await this.#keyv.delete(key)) return
      // Keyv says false where there was nothing, and where its adapter failed.
      if ((await this.#keyv.getRaw(key)) !== undefined) throw this.#refusal('delete')
    })
  }

  async #watch<T>(
    outcome: 'not-applied' | 'unknown',
    work: () => Promise<T>,
    isProof: (value: T) => boolean = () => false,
  ): Promise<T> {
    const call: WatchedCall = { ended: false, own: [], stray: [] }
    this.#begin(call)
    try {
      const value = await underWay.run(call, work)
      const [event] = [...call.own, ...call.stray]
      if (event !== undefined && !isProof(value)) throw event
      return value
    } catch (cause) {
      const doing = outcome === 'unknown' ? 'write' : 'read'
      throw new StoreUnavailableError(`the Keyv's backend cannot ${doing}: see the cause`, { cause, outcome })
    } finally {
      call.ended = true
      this.#end(call)
    }
  }

  /** Why a write was refused: the error event that tells, or that there was none. */
  #refusal(method: string): unknown {
    const [event] = underWay.getStore()?.own ?? []
    return event ?? new Error(`Keyv's ${method} reported a failure, and no error event told why`)
  }

  readonly #heard = (error: unknown): void => {
    const call = underWay.getStore()
    // A connection keeps the course of the call that opened it, which may have ended long ago.
    if (call !== undefined && !call.ended) call.own.push(error)
    else for (const each of this.#calls) each.stray.push(error)
  }

  #begin(call: WatchedCall): void {
    this.#calls.add(call)
    if (this.#calls.size > 1) return
    // Both: with `emitErrors: false` the Keyv passes on nothing, and what it catches itself is its own event.
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
