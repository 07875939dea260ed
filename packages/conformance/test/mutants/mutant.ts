import type { ContextStore, StoreOptions } from '@context-store/core'
import { createStore, createStoreWithSync, type StoreRules } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { type Alteration, alteredStore } from '../altered-store.ts'
import type { PlainAdapter } from '../plain-adapter.ts'
import { promised } from '../promised.ts'

/** A store with a deliberate fault. */
export interface Mutant {
  /** The fault. */
  readonly name: string
  /** The rows that the fault breaks; the kit must fail in one of them. */
  readonly rows: readonly string[]
  /** Whether it has a synchronous side. */
  readonly sync?: boolean
  create(options: StoreOptions): ContextStore
}

/** An adapter's class. */
export type AdapterClass = new (rules: StoreRules) => PlainAdapter

/** A mutant with a faulty engine. */
export function ofAdapter(name: string, rows: readonly string[], Adapter: AdapterClass): Mutant {
  return { name, rows, create: (options) => createStore((rules) => promised(new Adapter(rules)), options) }
}

/** A mutant with a faulty engine, with a synchronous side. */
export function ofBothSides(name: string, rows: readonly string[], Adapter: AdapterClass): Mutant {
  const create = (options: StoreOptions): ContextStore =>
    createStoreWithSync((rules) => new Adapter(rules), options)
  return { name, rows, sync: true, create }
}

/** A mutant with faulty calls; a new alteration for each store, since some keep state. */
export function ofStore(name: string, rows: readonly string[], alter: () => Alteration): Mutant {
  return { name, rows, create: (options) => alteredStore(memoryStore(options), alter()) }
}
