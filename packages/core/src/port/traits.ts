import type { Cannot } from './capability.ts'

/** What a store says of its engine. */
export interface StoreTraits {
  /** What the engine cannot do, with the reason. */
  readonly cannot: Cannot
  /** The most characters of a session's JSON that the store takes. */
  readonly documentLength: number
}

/** Where a store keeps its traits; `Symbol.for`, so that two copies of core agree. */
const traitsSymbol: unique symbol = Symbol.for('@context-store/traits')

/** Why there is no `batch` where the adapter does not have that member. */
export const noBatch = 'this store has no batch: memory, SQLite and IndexedDB have'

/** What a store says of its engine; a store that says nothing can do all that the interface has. */
export function traitsOf(store: object): StoreTraits {
  return traitsSymbol in store
    ? (store[traitsSymbol] as StoreTraits)
    : { cannot: { batch: noBatch }, documentLength: 800_000 }
}

/** The same store, saying so. */
export function withTraits<S extends object>(store: S, traits: StoreTraits): S {
  return Object.defineProperty(store, traitsSymbol, { value: traits })
}
