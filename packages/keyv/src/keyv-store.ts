import { type ContextStore, createStore, InvalidOptionError, type StoreOptions } from '@context-store/core'
import { KeyvAdapter } from './keyv-adapter.ts'
import type { KeyvInstance } from './keyv-instance.ts'

/**
 * A store over a Keyv 5 that is there already, whatever its backend. The Keyv is never closed.
 *
 * Writes are atomic among all stores of one process over the same storage object; between processes they are not:
 * two that patch one session at the same instant may lose one of the patches. The redis and sqlite packages lose
 * none.
 *
 * @param keyv - an instance of Keyv 5.6 or a later 5; one storage adapter object for each Keyv
 * @throws `InvalidOptionError` for an option that cannot be
 * @example
 * ```ts
 * const store = keyvStore(new Keyv())
 * await store.account('577089').namespace('orders').session('42').patch({ step: 1 })
 * ```
 */
export function keyvStore(keyv: KeyvInstance, options?: StoreOptions): ContextStore {
  const methods = ['getRaw', 'getMany', 'set', 'delete', 'on', 'off'] as const
  if (typeof keyv?.store !== 'object' || methods.some((method) => typeof keyv[method] !== 'function')) {
    throw new InvalidOptionError('keyv: an instance of Keyv 5.6 or a later 5')
  }
  return createStore(new KeyvAdapter(keyv), options)
}
