import { EventEmitter } from 'node:events'

/** How a method of a {@link FaultyAdapter} fails. */
export type Fault =
  /** It throws. */
  | 'throws'
  /** It emits an error and returns nothing, as adapters do that throw only on request. */
  | 'emits'
  /** It returns false. */
  | 'false'

/** A storage adapter for Keyv on a Map, whose methods can fail. */
export class FaultyAdapter extends EventEmitter {
  readonly opts = {}
  namespace: string | undefined
  readonly map = new Map<string, unknown>()
  /** The methods that fail, and how. */
  readonly faults = new Map<string, Fault>()
  /** How many calls were made. */
  calls = 0
  /** The keys that fail; if there are none, all of them fail. */
  readonly keys = new Set<string>()

  async get(key: string): Promise<unknown> {
    await this.#delay()
    return this.#fails('get', [key]) ? undefined : this.map.get(key)
  }

  async getMany(keys: string[]): Promise<unknown[]> {
    await this.#delay()
    return keys.map((key) => (this.#fails('getMany', [key]) ? undefined : this.map.get(key)))
  }

  async set(key: string, value: unknown): Promise<unknown> {
    await this.#delay()
    if (this.#fails('set', [key])) return this.faults.get('set') === 'false' ? false : undefined
    this.map.set(key, value)
    return true
  }

  async delete(key: string): Promise<boolean> {
    await this.#delay()
    return this.#fails('delete', [key]) ? false : this.map.delete(key)
  }

  async clear(): Promise<void> {
    this.map.clear()
  }

  /** Takes a different time for each call, so that calls overlap. */
  async #delay(): Promise<void> {
    this.calls++
    for (let turns = this.map.size % 5; turns >= 0; turns--) await new Promise(setImmediate)
  }

  #fails(method: string, [key = '']: readonly string[]): boolean {
    const fault = this.faults.get(method)
    if (fault === undefined || (this.keys.size > 0 && !this.keys.has(key))) return false
    const error = new Error(`${method} fails`)
    if (fault === 'throws') throw error
    if (fault === 'emits') this.emit('error', error)
    return true
  }
}
