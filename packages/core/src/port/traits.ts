import type { Cannot } from './capability.ts'

/** What a store declares about its engine. */
export interface StoreTraits {
  /** What the engine cannot do, with the reason. */
  readonly cannot: Cannot
  /** The limit for a session's JSON, in UTF-16 units. */
  readonly documentLength: number
}

/** The key of a store's traits; `Symbol.for`, so that two copies of core agree. */
const traitsSymbol: unique symbol = Symbol.for('@context-store/traits')

/** The reason for an adapter without `batch`. */
export const noBatch = 'this store has no batch: use memory, SQLite or IndexedDB'

/** Returns a store's traits; a store without traits is taken to support everything but `batch`. */
export function traitsOf(store: object): StoreTraits {
  return traitsSymbol in store
    ? (store[traitsSymbol] as StoreTraits)
    : { cannot: { batch: noBatch }, documentLength: 800_000 }
}

/** Returns the same store, with the traits set. */
export function withTraits<S extends object>(store: S, traits: StoreTraits): S {
  return Object.defineProperty(store, traitsSymbol, { value: traits })
}
