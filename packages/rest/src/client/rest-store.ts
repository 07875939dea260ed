import {
  type ContextStore,
  createStore,
  InvalidOptionError,
  type StoreOptions,
  UnsupportedError,
} from '@context-store/core'
import { AccountKeys } from './account-keys.ts'
import { RestAdapter } from './rest-adapter.ts'
import type { RestStoreOptions } from './rest-store-options.ts'
import { ServiceCalls } from './service-calls.ts'
import { serviceBase } from './service-paths.ts'

/** A store over the REST contract, and what the contract has beside a store. */
export interface RestStore extends ContextStore {
  /**
   * The ids of a namespace's sessions, a page of 1,000 at a time, as `session-ids` gives them (WIRE.md, "Later"):
   * its pages are counted, so what is deleted meanwhile can hide others. Collect the ids first, then delete.
   *
   * @throws `NamespaceNotFoundError` where there is no such namespace
   */
  sessionIds(account: string, namespace: string): AsyncIterable<string>
}

/**
 * A store over the REST contract of WIRE.md, on any host with `fetch`. It connects with the first call.
 *
 * What the contract cannot carry is an `UnsupportedError`, and nothing is sent: conditions (`patchIf`, `update`),
 * `absent` in a patch, `accounts()`, `info()` and listings of sessions, the options of other stores, and names that a
 * URL cannot say: `.`, `..`, the empty property name, a session called `properties`.
 *
 * @throws `InvalidOptionError` for an option that cannot be
 * @throws `UnsupportedError` for `namespaces: 'explicit'`, `limits` and `now`, which are the service's own
 * @example
 * ```ts
 * const store = restStore({ baseUrl: 'https://z1.context.liveperson.net', apiKey })
 * await store.account('577089').namespace('orders').session('c1').patch({ step: 2 })
 * ```
 */
export function restStore(options: RestStoreOptions & StoreOptions): RestStore {
  const { baseUrl, apiKey, timeoutMs = 10_000, retries = 2, fetch, namespaces, limits, now } = options
  if (namespaces === 'explicit' || limits !== undefined || now !== undefined) {
    throw new UnsupportedError("namespaces, limits and now are the service's own: it decides them")
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000) {
    throw new InvalidOptionError('timeoutMs: a whole number from 1 to 600000')
  }
  if (!Number.isInteger(retries) || retries < 0 || retries > 10) {
    throw new InvalidOptionError('retries: a whole number from 0 to 10')
  }
  if (fetch !== undefined && typeof fetch !== 'function') {
    throw new InvalidOptionError('fetch: a function like the host’s')
  }
  const base = serviceBase(baseUrl)
  const calls = new ServiceCalls({ base, keys: new AccountKeys(apiKey), timeoutMs, retries, fetch })
  const adapter = new RestAdapter(calls)
  return Object.assign(createStore(adapter), {
    sessionIds: (account: string, namespace: string) => adapter.sessionIds(account, namespace),
  })
}
