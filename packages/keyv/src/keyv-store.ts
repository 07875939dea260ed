import { type ContextStore, InvalidOptionError, type StoreOptions } from '@context-store/core'
import { checkedOptions, createStore, storeOptionNames } from '@context-store/core/adapter'
import { KeyvAdapter } from './keyv-adapter.ts'
import type { KeyvInstance } from './keyv-instance.ts'

/**
 * A store on a caller's Keyv 5, whatever its backend. The store never closes the Keyv.
 *
 * Writes are atomic among all stores of one process on the same storage object, but not across processes: if two
 * processes patch a session at the same time, one patch may be lost. The redis and sqlite packages lose none.
 *
 * @param keyv - an instance of Keyv 5.6 or a later 5, with its own storage adapter object
 * @param options - the options of every store
 * @throws `InvalidOptionError` if `keyv` is not a Keyv, or for an unknown option or an invalid value of one
 * @example
 * ```ts
 * const store = keyvStore(new Keyv())
 * await store.account('577089').namespace('orders').session('42').patch({ step: 1 })
 * ```
 */
export function keyvStore(keyv: KeyvInstance, options?: StoreOptions): ContextStore {
  const methods = ['getRaw', 'getMany', 'set', 'delete', 'on', 'off'] as const
  if (typeof keyv?.store !== 'object' || methods.some((method) => typeof keyv[method] !== 'function')) {
    throw new InvalidOptionError(
      'keyvStore: the first argument must be a Keyv, 5.6 or a later 5; ' +
        'give it a storage adapter or a Map as new Keyv({ store })',
    )
  }
  const checked = checkedOptions(options, storeOptionNames, 'keyvStore')
  return createStore((rules) => new KeyvAdapter(keyv, rules), checked)
}
