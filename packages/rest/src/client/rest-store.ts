import { type ContextStore, InvalidOptionError, type StoreOptions } from '@context-store/core'
import { checkedOptions, createStore, ownListing, storeOptionNames } from '@context-store/core/adapter'
import { AccountKeys } from './account-keys.ts'
import { RestAdapter } from './rest-adapter.ts'
import type { RestStoreOptions } from './rest-store-options.ts'
import { ServiceCalls } from './service-calls.ts'
import { serviceBase } from './service-paths.ts'

/** A store over the REST contract, which can also list session ids. */
export interface RestStore extends ContextStore {
  /**
   * Lists the ids of a namespace's sessions, in pages of 1,000 of the service's `session-ids`
   * (docs/rest-contract.md, "Later operations"). The pages are numbered, so if a session is deleted during the listing,
   * another one can be missed: collect the ids first, then delete.
   *
   * @throws `NamespaceNotFoundError` if the namespace does not exist
   */
  sessionIds(account: string, namespace: string): AsyncIterable<string>
}

/**
 * Creates a store over the REST contract (docs/rest-contract.md), in any runtime with `fetch`. It connects at the first
 * call.
 *
 * What the contract cannot express throws an `UnsupportedError`, and nothing is sent: conditional writes (`patchIf`,
 * `clearIf`, `update`), `absent` in a patch, `accounts()`, `info()` and listings of sessions, and names that a URL path
 * cannot carry: `.`, `..`, the empty property name, a session called `properties`. `traitsOf(store).cannot` from
 * `@context-store/core/adapter` has the same list as data.
 *
 * The store never resends a write that may have reached the service. The `fetch` of Deno and of browsers does, if a
 * connection breaks that it had used before (the package's README, "Where fetch differs").
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @throws `UnsupportedError` for `namespaces: 'explicit'`, `limits` and `now`: the service decides those
 * @example
 * ```ts
 * const store = restStore({ baseUrl: 'https://z1.context.liveperson.net', apiKey })
 * await store.account('577089').namespace('orders').session('c1').patch({ step: 2 })
 * ```
 */
export function restStore(options: RestStoreOptions & StoreOptions): RestStore {
  const {
    baseUrl,
    apiKey,
    timeoutMs = 10_000,
    retries = 2,
    fetch,
    ...storeOptions
  } = checkedOptions<Partial<RestStoreOptions & StoreOptions>>(
    options,
    [...storeOptionNames, 'baseUrl', 'apiKey', 'timeoutMs', 'retries', 'fetch'],
    'restStore',
  )
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000) {
    throw new InvalidOptionError('timeoutMs: must be a whole number from 1 to 600000')
  }
  if (!Number.isInteger(retries) || retries < 0 || retries > 10) {
    throw new InvalidOptionError('retries: must be a whole number from 0 to 10')
  }
  if (fetch !== undefined && typeof fetch !== 'function') {
    throw new InvalidOptionError('fetch: must be a function with the signature of fetch')
  }
  const base = serviceBase(baseUrl)
  const calls = new ServiceCalls({ base, keys: new AccountKeys(apiKey), timeoutMs, retries, fetch })
  const adapter = new RestAdapter(calls)
  const store = createStore(() => adapter, storeOptions)
  return Object.assign(store, {
    sessionIds(account: string, namespace: string) {
      // Checks the names.
      store.account(account).namespace(namespace)
      return ownListing(store, { account, namespace }, ({ from }) =>
        adapter.listSessionIds(account, namespace, from),
      )
    },
  })
}
