import type { ContextStore } from '../api/context-store.ts'
import type { Scope } from '../operations/operation.ts'
import { StoreHandle } from './handles.ts'
import type { AsyncSide } from './side.ts'

/**
 * A call of an adapter's own, beyond those of the API, under the rules of a store's calls: it is made after the earlier
 * writes within `scope`, is refused after `close()`, and `close()` waits for it.
 *
 * @param call - makes the call; what it rejects with becomes a store's error by the adapter's `errorOf`
 */
export function ownCall<T>(store: ContextStore, scope: Scope, call: () => Promise<T>): Promise<T> {
  return (StoreHandle.sideOf(store) as AsyncSide).own(scope, call)
}
