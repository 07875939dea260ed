import { ContextStoreError, InvalidOptionError, UnauthorizedError } from '@context-store/core'
import type { RestStoreOptions } from './rest-store-options.ts'

/** So many accounts' keys are kept; of more, the one asked for longest ago is asked for anew. */
const mostKept = 1000

/** The keys that calls are made with, each asked for once and again when it was refused. */
export class AccountKeys {
  readonly #source: RestStoreOptions['apiKey']
  readonly #kept = new Map<string, Promise<string>>()
  /** Accounts whose refused key is being replaced. */
  readonly #replacing = new Map<string, Promise<string>>()

  constructor(source: RestStoreOptions['apiKey']) {
    if (typeof source !== 'function') checkedKey(source)
    this.#source = source
  }

  /** Whether a refused key can be replaced. */
  get canReplace(): boolean {
    return typeof this.#source === 'function'
  }

  /** An account's key. */
  of(account: string): Promise<string> {
    return this.#kept.get(account) ?? this.#ask(account, undefined)
  }

  /** The key instead of one that was refused; calls that were refused together share the question. */
  async instead(account: string, refused: string): Promise<string> {
    const replacing = this.#replacing.get(account)
    if (replacing !== undefined) return replacing
    const kept = await this.#kept.get(account)?.catch(() => undefined)
    if (kept !== undefined && kept !== refused) return kept
    return this.#replacing.get(account) ?? this.#replace(account, refused)
  }

  #replace(account: string, refused: string): Promise<string> {
    const replacing = this.#ask(account, refused).finally(() => this.#replacing.delete(account))
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
      if (ContextStoreError.is(cause)) throw cause
      throw new UnauthorizedError('apiKey: the function gave no key', { cause, address: { account } })
    }
  }
}

/** A key that a header can bear. */
function checkedKey(key: unknown): string {
  if (typeof key === 'string' && /^[\x21-\x7e]+$/.test(key)) return key
  throw new InvalidOptionError('apiKey: a key of visible ASCII characters, or a function that gives one')
}
