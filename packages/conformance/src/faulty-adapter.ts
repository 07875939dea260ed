import { type ContextStoreError, StoreUnavailableError } from '@context-store/core'
import type { CallKind, StorageAdapter, SyncStorageAdapter } from '@context-store/core/adapter'
import { eventLoopTurn } from './event-loop-turn.ts'
import { seededNumbers } from './seeded-numbers.ts'

/**
 * What can happen to a call of a faulty engine.
 *
 * - `refuse`: it fails without an effect
 * - `fail`: it fails after its effect, as if the response were lost
 * - `delay`: it takes effect some ticks of the event loop later
 * - `throw`: it throws instead of returning a promise, without an effect
 */
export type Fault = 'refuse' | 'fail' | 'delay' | 'throw'

const everyFault: readonly Fault[] = ['refuse', 'fail', 'delay', 'throw']

/** Options of {@link faultyAdapter}. */
export interface FaultyAdapterOptions {
  /** Decides which calls get which fault: with the same seed, the same calls get the same faults. */
  readonly seed: number
  /** The faults to choose from. Default: all. */
  readonly faults?: readonly Fault[] | undefined
  /** The share of calls that get a fault, from 0 to 1. Default: 0.5. */
  readonly rate?: number | undefined
}

/** An error injected by a faulty adapter, with the real outcome of the call. */
interface InjectedError extends Error {
  readonly injected: 'not-applied' | 'unknown'
}

/** Wraps a call of an adapter, so that it may get a fault. */
type Through = <A extends readonly unknown[], R>(
  isWrite: boolean,
  call: (...args: A) => R | Promise<R>,
) => (...args: A) => Promise<R>

/**
 * Wraps an adapter so that some calls fail before or after their effect, are delayed, or throw synchronously. For tests
 * of code that is built on the port: no acknowledged write may be lost, no call may hang, and the `outcome` of each error
 * must be true.
 *
 * @param adapter - asynchronous or synchronous; do not use it directly until the store is closed
 * @example
 * ```ts
 * const store = createStore((rules) => faultyAdapter(new MyAdapter(rules), { seed: 7 }))
 * ```
 */
export function faultyAdapter(
  adapter: StorageAdapter | SyncStorageAdapter,
  { seed, faults = everyFault, rate = 0.5 }: FaultyAdapterOptions,
): StorageAdapter {
  const next = seededNumbers(seed)
  const through: Through =
    (isWrite, call) =>
    (...args) => {
      const fault = next() < rate ? faults[Math.floor(next() * faults.length)] : undefined
      const turns = 1 + Math.floor(next() * 5)
      if (fault === 'throw') throw injected('not-applied')
      return (async () => {
        if (fault === 'refuse') throw injected('not-applied')
        if (fault === 'delay') for (let turn = 0; turn < turns; turn++) await eventLoopTurn()
        const answer = await call(...args)
        if (fault === 'fail') throw injected(isWrite ? 'unknown' : 'not-applied')
        return answer
      })()
    }
  return withFaults(adapter, through)
}

function withFaults(adapter: StorageAdapter | SyncStorageAdapter, through: Through): StorageAdapter {
  return {
    cannot: adapter.cannot,
    // The next call may overtake a delayed one.
    keepsOrder: false,
    maxDocumentLength: adapter.maxDocumentLength,
    timeoutMs: adapter.timeoutMs,
    transactions: adapter.transactions,
    createNamespace: through(true, (...args) => adapter.createNamespace(...args)),
    deleteNamespace: through(true, (...args) => adapter.deleteNamespace(...args)),
    listAccounts: through(false, (request) => adapter.listAccounts(request)),
    listNamespaces: through(false, (...args) => adapter.listNamespaces(...args)),
    listSessions: through(false, (...args) => adapter.listSessions(...args)),
    patch: through(true, (...args) => adapter.patch(...args)),
    readProperties: through(false, (...args) => adapter.readProperties(...args)),
    deleteProperties: through(true, (...args) => adapter.deleteProperties(...args)),
    clearSession: through(true, (...args) => adapter.clearSession(...args)),
    close: async () => adapter.close(),
    errorOf: (cause, during) => errorOf(adapter, cause, during),
    ...(adapter.ready && { ready: through(false, () => adapter.ready?.()) }),
    ...(adapter.namespaceInfo && {
      namespaceInfo: through(false, (account, name) => adapter.namespaceInfo?.(account, name)),
    }),
    ...(adapter.readProperty && {
      readProperty: through(false, (address, name) => adapter.readProperty?.(address, name)),
    }),
    ...(adapter.sessionInfo && {
      sessionInfo: through(false, (address) => adapter.sessionInfo?.(address)),
    }),
    ...(adapter.update && {
      update: through(true, (address, names, change) => adapter.update?.(address, names, change)),
    }),
    ...(adapter.reclaim && {
      reclaim: through(true, async () => (await adapter.reclaim?.()) === true),
    }),
  }
}

function injected(outcome: InjectedError['injected']): InjectedError {
  const what = outcome === 'unknown' ? 'after its effect' : 'before its effect'
  return Object.assign(new Error(`an injected fault: the call failed ${what}`), {
    injected: outcome,
  })
}

function errorOf(
  adapter: Pick<StorageAdapter, 'errorOf'>,
  cause: unknown,
  during: CallKind,
): ContextStoreError {
  if (typeof cause === 'object' && cause !== null && 'injected' in cause) {
    const outcome = cause.injected === 'unknown' ? 'unknown' : 'not-applied'
    return new StoreUnavailableError('the engine failed: see the cause', { cause, outcome })
  }
  if (adapter.errorOf !== undefined) return adapter.errorOf(cause, during)
  const outcome = during === 'read' ? 'not-applied' : 'unknown'
  return new StoreUnavailableError('the engine failed: see the cause', { cause, outcome })
}
