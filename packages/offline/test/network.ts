import {
  type ContextStore,
  type ContextStoreError,
  StoreUnavailableError,
  UnauthorizedError,
} from '@context-store/core'

/** What the network does to one call. */
export type Weather = 'up' | 'down' | 'lost-answer' | 'hanging' | ContextStoreError

/** A remote store behind a network that a test controls. */
export class Network {
  /** What happens to the next calls, in order; after them: {@link Network.weather}. */
  readonly next: Weather[] = []
  weather: Weather = 'up'
  /** The names of the methods that were called, and what happened to each call. */
  readonly calls: string[] = []
  /** Called before each call reaches the store. */
  before: (method: string, ...args: readonly unknown[]) => void | Promise<void> = () => undefined
  /** Called when the store has answered, before the answer arrives. */
  after: (method: string) => void | Promise<void> = () => undefined

  /** The store as a device sees it. */
  through<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name, object)
        if (typeof member !== 'function') return member
        const method = member.bind(object) as (...args: unknown[]) => unknown
        if (['account', 'namespace', 'session'].includes(String(name))) {
          return (...args: unknown[]) => this.through(method(...args) as object)
        }
        if (name === 'close' || typeof name === 'symbol') return method
        return (...args: unknown[]) =>
          this.#call(String(name), args, () => method(...args) as Promise<unknown>)
      },
    })
  }

  async #call(name: string, args: readonly unknown[], call: () => Promise<unknown>): Promise<unknown> {
    const weather = this.next.shift() ?? this.weather
    this.calls.push(name)
    await this.before(name, ...args)
    if (weather === 'up') {
      const answer = await call()
      await this.after(name)
      return answer
    }
    if (weather === 'hanging') return new Promise(() => undefined)
    if (weather === 'down') throw new StoreUnavailableError('no network')
    if (weather === 'lost-answer') {
      await call()
      throw new StoreUnavailableError('the answer is lost', { outcome: 'unknown' })
    }
    throw weather
  }
}

/** The error for refused credentials. */
export const unauthorized: ContextStoreError = new UnauthorizedError('the key is refused')

/** Everything in a store, by address. */
export async function everything(store: ContextStore): Promise<{ [address: string]: unknown }> {
  const found: { [address: string]: unknown } = {}
  for await (const account of store.accounts()) {
    for await (const { name } of store.account(account).namespaces()) {
      for await (const { id, properties } of store
        .account(account)
        .namespace(name)
        .sessions({ properties: true })) {
        found[`${account}/${name}/${id}`] = properties
      }
    }
  }
  return found
}
