import type { ContextStore } from './api.ts'
import { AsyncStore } from './async-store.ts'
import type { StorageAdapter, SyncStorageAdapter } from './storage-adapter.ts'
import { StoreLife } from './store-life.ts'
import { type StoreOptions, storeRules } from './store-options.ts'
import type { HasSync } from './sync-api.ts'
import { SyncStore } from './sync-store.ts'

/**
 * Makes a store over an adapter; what every factory calls.
 *
 * @throws {@link InvalidOptionError} for an option that cannot be
 * @example
 * ```ts
 * export function myStore(options?: MyStoreOptions): ContextStore {
 *   return createStore(new MyAdapter(options), options)
 * }
 * ```
 */
export function createStore(adapter: StorageAdapter, options?: StoreOptions): ContextStore {
  return new AsyncStore(adapter, storeRules(options), new StoreLife())
}

/**
 * Makes a store with a synchronous side; both adapters stand for the same data, and closing either side closes
 * both. For an engine that has no asynchronous calls of its own, {@link promised} makes the first of the second.
 *
 * @throws {@link InvalidOptionError} for an option that cannot be
 */
export function createStoreWithSync(
  adapter: StorageAdapter,
  syncAdapter: SyncStorageAdapter,
  options?: StoreOptions,
): ContextStore & HasSync {
  const rules = storeRules(options)
  const life = new StoreLife()
  return Object.assign(new AsyncStore(adapter, rules, life), {
    sync: new SyncStore(syncAdapter, rules, life),
  })
}
