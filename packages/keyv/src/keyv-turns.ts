import { type AddressKey, KeyedLocks, namingCorrupt } from '@context-store/core'
import type { RecordKeys } from './record-keys.ts'

/** The keys of an address. */
export class Place {
  readonly namespace: string
  readonly session: string

  constructor(keys: RecordKeys, { account, namespace, session }: AddressKey) {
    this.namespace = keys.namespace(account, namespace)
    this.session = keys.session(account, namespace, session)
  }
}

/**
 * When the calls of a store have their turn: first at the namespace, which only the namespace's own end or change
 * asks for alone, then at the session, which writers ask for alone.
 */
export class KeyvTurns {
  readonly #keys: RecordKeys
  readonly #locks: () => KeyedLocks
  readonly #open = new KeyedLocks()
  /** Whether the store is being closed. */
  ending = false

  constructor(keys: RecordKeys, locks: () => KeyedLocks) {
    this.#keys = keys
    this.#locks = locks
  }

  /** A call that has to wait for nobody. */
  any<T>(call: () => Promise<T>): Promise<T> {
    return this.#open.share('', call)
  }

  /** A call on a namespace. */
  ofNamespace<T>(
    account: string,
    namespace: string,
    turn: 'share' | 'exclude',
    call: () => Promise<T>,
  ): Promise<T> {
    return this.any(() => this.#locks()[turn](this.#keys.namespace(account, namespace), call))
  }

  /** A call on a session. */
  ofSession<T>(
    address: AddressKey,
    turn: 'share' | 'exclude',
    call: (place: Place) => Promise<T>,
  ): Promise<T> {
    const place = address.memo instanceof Place ? address.memo : new Place(this.#keys, address)
    address.memo = place
    const locks = this.#locks()
    return this.any(() =>
      locks.share(place.namespace, () =>
        locks[turn](place.session, async () => {
          try {
            return await call(place)
          } catch (error) {
            throw namingCorrupt(address, error)
          }
        }),
      ),
    )
  }

  /** Waits for every call under way. */
  end(): Promise<void> {
    this.ending = true
    return this.#open.exclude('', async () => undefined)
  }
}
