import type { ContextStore } from '../api/context-store.ts'
import type { Operation, Scope } from '../operations/operation.ts'
import type { ListRequest, Slice } from '../port/storage-adapter.ts'
import { StoreHandle } from './handles.ts'
import { walkThrough } from './side.ts'

/**
 * An adapter-specific listing that is not part of the API, under the rules of the store's listings: each slice sees the
 * earlier writes within `scope`, is refused after `close()`, and `close()` waits for it.
 */
export function ownListing<T>(
  store: ContextStore,
  scope: Scope,
  slice: (request: ListRequest) => Promise<Slice<T>>,
): AsyncIterable<T> {
  const side = StoreHandle.sideOf(store)
  const slices: Operation<Scope, ListRequest> = {
    isWrite: false,
    check: (_store, _scope, request) => request as ListRequest,
    run: (_engine, _scope, request) => slice(request),
  }
  return side.items(() => walkThrough(side, slices, scope, {})) as AsyncIterable<T>
}
