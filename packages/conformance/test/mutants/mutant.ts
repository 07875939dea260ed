import type { ContextStore, StoreOptions } from '@context-store/core'
import { createStore, createStoreWithSync, type StoreRules } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { type Alteration, alteredStore } from '../altered-store.ts'
import type { PlainAdapter } from '../plain-adapter.ts'
import { promised } from '../promised.ts'

/** A store that is broken on purpose. */
export interface Mutant {
  /** What is wrong with it. */
  readonly name: string
  /** The rows that this breaks; the kit must fail in one of them. */
  readonly rows: readonly string[]
  /** Whether it has a synchronous side. */
  readonly sync?: boolean
  create(options: StoreOptions): ContextStore
}

/** An adapter's class. */
export type AdapterClass = new (rules: StoreRules) => PlainAdapter

/** A mutant whose engine is wrong. */
export function ofAdapter(name: string, rows: readonly string[], Adapter: AdapterClass): Mutant {
  return { name, rows, create: (options) => createStore((rules) => promised(new Adapter(rules)), options) }
}

/** A mutant whose engine is wrong, with its synchronous side. */
export function ofBothSides(name: string, rows: readonly string[], Adapter: AdapterClass): Mutant {
  const create = (options: StoreOptions): ContextStore =>
    createStoreWithSync((rules) => new Adapter(rules), options)
  return { name, rows, sync: true, create }
}

/** A mutant whose calls are wrong; a new alteration for each store, since some remember. */
export function ofStore(name: string, rows: readonly string[], alter: () => Alteration): Mutant {
  return { name, rows, create: (options) => alteredStore(memoryStore(options), alter()) }
}
