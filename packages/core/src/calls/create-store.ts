import type { ContextStore } from '../api/context-store.ts'
import { InvalidOptionError, UnsupportedError } from '../api/errors.ts'
import type { StoreOptions } from '../api/store-options.ts'
import type { HasSync, SyncContextStore } from '../api/sync-context-store.ts'
import { StoreState } from '../operations/store-state.ts'
import { type Capability, capabilities } from '../port/capability.ts'
import type { AdapterTraits, StorageAdapter, SyncStorageAdapter } from '../port/storage-adapter.ts'
import { noBatch, withTraits } from '../port/traits.ts'
import { lowerLengthLimit, type StoreRules, storeRules } from '../rules/store-rules.ts'
import { StoreHandle, type Unchecked } from './handles.ts'
import { PromisedSide } from './promised-side.ts'
import { QueuedSide } from './queued-side.ts'
import type { Side } from './side.ts'
import { SyncSide } from './sync-side.ts'

const requiredMembers = [
  'createNamespace',
  'deleteNamespace',
  'listAccounts',
  'listNamespaces',
  'listSessions',
  'patch',
  'readProperties',
  'deleteProperties',
  'clearSession',
  'close',
] as const satisfies readonly (keyof StorageAdapter)[]

/**
 * Creates a store over an adapter. Every factory for an asynchronous engine calls it.
 *
 * @param open - creates the adapter; gets the store's rules, which are not passed to the adapter's methods
 * @param options - the options that every store has; a factory removes its own options first
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @throws `UnsupportedError` for an option that the adapter's `cannot` excludes
 * @example
 * ```ts
 * export function myStore(options: MyStoreOptions): ContextStore {
 *   const { url, ...rest } = checkedOptions(options, [...storeOptionNames, 'url'], 'myStore')
 *   if (url === undefined) throw new InvalidOptionError('url: is required')
 *   return createStore((rules) => new MyAdapter(url, rules), rest)
 * }
 * ```
 */
export function createStore(
  open: (rules: StoreRules) => StorageAdapter,
  options?: StoreOptions,
): ContextStore {
  const { adapter, state } = opened(open, options)
  return handleOf(new QueuedSide(adapter, state)) as ContextStore
}

/**
 * Creates a store with a synchronous side, for an engine whose calls are synchronous. Core derives the asynchronous
 * side from it: if the adapter has `transactions`, the writes of one tick share a transaction. Closing either side
 * closes both.
 *
 * @param open - as for {@link createStore}
 * @param options - as for {@link createStore}
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @throws `UnsupportedError` for an option that the adapter's `cannot` excludes
 */
export function createStoreWithSync(
  open: (rules: StoreRules) => SyncStorageAdapter,
  options?: StoreOptions,
): ContextStore & HasSync {
  const { adapter, state } = opened(open, options)
  const side = new SyncSide(adapter, state)
  const store = handleOf(new PromisedSide(side)) as ContextStore
  return Object.assign(store, { sync: handleOf(side) as SyncContextStore })
}

function opened<A extends AdapterTraits>(
  open: (rules: StoreRules) => A,
  options: StoreOptions | undefined,
): { readonly adapter: A; readonly state: StoreState } {
  const rules = storeRules(options)
  const adapter = checkedAdapter(open(rules))
  const { maxDocumentLength } = adapter
  const cannot = 'batch' in adapter ? (adapter.cannot ?? {}) : { batch: noBatch, ...adapter.cannot }
  const used: readonly [Capability, boolean][] = [
    ['clock', options?.now !== undefined],
    ['limits', options?.limits !== undefined],
    ['explicit-namespaces', rules.explicitNamespaces],
  ]
  for (const [capability, isUsed] of used) {
    const reason = cannot[capability]
    if (isUsed && reason !== undefined) throw new UnsupportedError(reason)
  }
  if (maxDocumentLength !== undefined) {
    lowerLengthLimit(rules, options?.limits?.documentLength, maxDocumentLength)
  }
  return { adapter, state: new StoreState(rules, cannot) }
}

/** Rejects an incomplete adapter now, and not at the first call of a missing method. */
function checkedAdapter<A extends AdapterTraits>(adapter: A): A {
  for (const member of requiredMembers) {
    if (typeof adapter !== 'object' || adapter === null || !(member in adapter)) {
      throw new InvalidOptionError(`the adapter has no ${member}(): see StorageAdapter`)
    }
  }
  if ('batch' in adapter && adapter.keepsOrder !== true) {
    throw new InvalidOptionError('the adapter has batch(): it must set keepsOrder')
  }
  for (const [name, reason] of Object.entries(adapter.cannot ?? {})) {
    const isKnown = capabilities.some((capability) => capability === name)
    if (!isKnown || (reason !== undefined && (typeof reason !== 'string' || reason.trim() === ''))) {
      throw new InvalidOptionError(
        `the adapter's cannot: ${JSON.stringify(name)} must be a capability, with a reason`,
      )
    }
  }
  return adapter
}

function handleOf(side: Side): Unchecked<ContextStore & Disposable> {
  const { cannot, rules } = side.state
  return withTraits(new StoreHandle(side), { cannot, documentLength: rules.limits.documentLength })
}
