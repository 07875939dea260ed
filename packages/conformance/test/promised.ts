import type { SessionListRequest, StorageAdapter, SyncStorageAdapter } from '@context-store/core/adapter'

/** Makes a synchronous adapter asynchronous: each call takes one microtask. */
export function promised(adapter: SyncStorageAdapter): StorageAdapter {
  const { cannot, keepsOrder, maxDocumentLength, timeoutMs } = adapter
  return {
    cannot,
    keepsOrder,
    maxDocumentLength,
    timeoutMs,
    createNamespace: async (...args) => adapter.createNamespace(...args),
    deleteNamespace: async (...args) => adapter.deleteNamespace(...args),
    listAccounts: async (request) => adapter.listAccounts(request),
    listNamespaces: async (...args) => adapter.listNamespaces(...args),
    listSessions: async (account, namespace, request: SessionListRequest) =>
      adapter.listSessions(account, namespace, request),
    patch: async (...args) => adapter.patch(...args),
    readProperties: async (...args) => adapter.readProperties(...args),
    deleteProperties: async (...args) => adapter.deleteProperties(...args),
    clearSession: async (...args) => adapter.clearSession(...args),
    close: async () => adapter.close(),
    ...(adapter.namespaceInfo && { namespaceInfo: async (...args) => adapter.namespaceInfo?.(...args) }),
    ...(adapter.readProperty && { readProperty: async (...args) => adapter.readProperty?.(...args) }),
    ...(adapter.sessionInfo && { sessionInfo: async (...args) => adapter.sessionInfo?.(...args) }),
    ...(adapter.update && { update: async (...args) => adapter.update?.(...args) }),
    ...(adapter.reclaim && { reclaim: async () => adapter.reclaim?.() === true }),
  }
}
