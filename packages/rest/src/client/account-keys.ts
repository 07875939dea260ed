import { ContextStoreError, InvalidOptionError, UnauthorizedError } from '@context-store/core'
import type { RestStoreOptions } from './rest-store-options.ts'

/** The number of accounts whose keys are kept. Beyond it, the key that was fetched longest ago is dropped. */
const mostKept = 1000

/** The API keys of accounts. Each is fetched once, and again after the service refused it. */
export class AccountKeys {
  readonly #source: RestStoreOptions['apiKey']
  readonly #kept = new Map<string, Promise<string>>()
  /** Accounts whose refused key is being replaced. */
  readonly #replacing = new Map<string, Promise<string>>()

  constructor(source: RestStoreOptions['apiKey'] | undefined) {
    this.#source = typeof source === 'function' ? source : checkedKey(source)
  }

  /** Whether a refused key can be replaced. */
  get canReplace(): boolean {
    return typeof this.#source === 'function'
  }

  /** The key of every account; `undefined` if a function returns the key of each. */
  get ofAll(): string | undefined {
    return typeof this.#source === 'function' ? undefined : this.#source
  }

  /** An account's key. */
  of(account: string): Promise<string> {
    return this.#kept.get(account) ?? this.#ask(account, undefined)
  }

  /** The key to use instead of a refused one. Concurrent requests share one call of the function. */
  async instead(account: string, refused: string): Promise<string> {
    const replacing = this.#replacing.get(account)
    if (replacing !== undefined) return replacing
    const kept = await this.#kept.get(account)?.catch(() => undefined)
    if (kept !== undefined && kept !== refused) return kept
    return this.#replacing.get(account) ?? this.#replace(account, refused)
  }

  /** Forgets a key that did not come in time, so that the next request asks for it again. */
  forget(account: string): void {
    this.#kept.delete(account)
    this.#replacing.delete(account)
  }

  #replace(account: string, refused: string): Promise<string> {
    const replacing = this.#ask(account, refused).finally(() => {
      if (this.#replacing.get(account) === replacing) this.#replacing.delete(account)
    })
    this.#replacing.set(account, replacing)
    return replacing
  }

  #ask(account: string, refused: string | undefined): Promise<string> {
    const key = this.#answer(account, refused)
    this.#kept.delete(account)
    this.#kept.set(account, key)
    key.catch(() => {
      if (this.#kept.get(account) === key) this.#kept.delete(account)
    })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest)
    return key
  }

  async #answer(account: string, refused: string | undefined): Promise<string> {
    const source = this.#source
    if (typeof source !== 'function') return source
    try {
      return checkedKey(await (refused === undefined ? source(account) : source(account, refused)))
    } catch (cause) {
      if (ContextStoreError.is(cause, 'unavailable') || ContextStoreError.is(cause, 'unauthorized')) {
        throw cause
      }
      // Not an invalid option: the function may return a good key next time, so a write must not be given up for this.
      throw new UnauthorizedError('apiKey: the function failed: see the cause', { cause })
    }
  }
}

/** Checks that a header can carry a key. */
function checkedKey(key: unknown): string {
  if (typeof key === 'string' && /^[\x21-\x7e]+$/.test(key)) return key
  throw new InvalidOptionError(
    'apiKey: must be a key of visible ASCII characters, or a function that returns one',
  )
}
