import { EventEmitter } from 'node:events'

/** How a method of a {@link FaultyAdapter} fails. */
export type Fault =
  /** It throws. */
  | 'throws'
  /** It emits an error and then gives nothing, as adapters do that throw only when they are told to. */
  | 'emits'
  /** It gives false. */
  | 'false'

/** A storage adapter for Keyv over a Map, with methods that fail. */
export class FaultyAdapter extends EventEmitter {
  readonly opts = {}
  namespace: string | undefined
  readonly map = new Map<string, unknown>()
  /** What fails, and how. */
  readonly faults = new Map<string, Fault>()
  /** How many calls there have been. */
  calls = 0
  /** The keys that fail; all, if none. */
  readonly keys = new Set<string>()

  async get(key: string): Promise<unknown> {
    await this.#turn()
    return this.#fails('get', [key]) ? undefined : this.map.get(key)
  }

  async getMany(keys: string[]): Promise<unknown[]> {
    await this.#turn()
    return keys.map((key) => (this.#fails('getMany', [key]) ? undefined : this.map.get(key)))
  }

  async set(key: string, value: unknown): Promise<unknown> {
    await this.#turn()
    if (this.#fails('set', [key])) return this.faults.get('set') === 'false' ? false : undefined
    this.map.set(key, value)
    return true
  }

  async delete(key: string): Promise<boolean> {
    await this.#turn()
    return this.#fails('delete', [key]) ? false : this.map.delete(key)
  }

  async clear(): Promise<void> {
    this.map.clear()
  }

  /** Another time for each call, so that calls overlap. */
  async #turn(): Promise<void> {
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
