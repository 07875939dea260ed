import type { ContextStore } from '../api/context-store.ts'
import type { Scope } from '../operations/operation.ts'
import { StoreHandle } from './handles.ts'
import type { AsyncSide } from './side.ts'

/**
 * Makes an adapter-specific call that is not part of the API, under the rules of the store's other calls: it runs after
 * the earlier writes within `scope`, is refused after `close()`, and `close()` waits for it.
 *
 * @param call - makes the call; the adapter's `errorOf` translates its rejection
 */
export function ownCall<T>(store: ContextStore, scope: Scope, call: () => Promise<T>): Promise<T> {
  return (StoreHandle.sideOf(store) as AsyncSide).own(scope, call)
}
