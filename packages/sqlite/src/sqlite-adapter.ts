import type { StorageAdapter, SyncStorageAdapter } from '@context-store/core'
import type { GroupCommit } from './group-commit.ts'
import type { SqliteConnection } from './sqlite-connection.ts'

/** The port without promises: each call commits what the queue holds, and is then an atom of its own. */
export function syncAdapter(connection: SqliteConnection, group: GroupCommit): SyncStorageAdapter {
  const read: SqliteConnection['read'] = (call) => {
    group.flush()
    return connection.read(call)
  }
  const write: SqliteConnection['write'] = (call) => {
    group.flush()
    return connection.write(call)
  }
  return {
    ready: () => read((tables) => tables.ready()),
    createNamespace: (...args) => write((tables) => tables.createNamespace(...args)),
    namespaceInfo: (account, namespace) => read((tables) => tables.namespaceInfo(account, namespace)),
    deleteNamespace: (account, namespace) => write((tables) => tables.deleteNamespace(account, namespace)),
    listNamespaces: (account, from, limit) => read((tables) => tables.listNamespaces(account, from, limit)),
    listAccounts: (from, limit) => read((tables) => tables.listAccounts(from, limit)),
    patch: (address, request, rules) => write((tables) => tables.patch(address, request, rules)),
    readProperty: (address, name, rules) => read((tables) => tables.readProperty(address, name, rules)),
    readProperties: (address, names, rules) => read((tables) => tables.readProperties(address, names, rules)),
    deleteProperties: (...args) => write((tables) => tables.deleteProperties(...args)),
    clearSession: (address) => write((tables) => tables.clearSession(address)),
    sessionInfo: (address, rules) => read((tables) => tables.sessionInfo(address, rules)),
    listSessions: (...args) => read((tables) => tables.listSessions(...args)),
    reclaim: (rules) => write((tables) => tables.reclaim(rules)),
    close: () => {
      group.flush()
      connection.close()
    },
  }
}

/** The port with promises: calls go through the queue. */
export function asyncAdapter(connection: SqliteConnection, group: GroupCommit): StorageAdapter {
  return {
    ready: () => group.read((tables) => tables.ready()),
    createNamespace: (...args) => group.write((tables) => tables.createNamespace(...args)),
    namespaceInfo: (account, namespace) => group.read((tables) => tables.namespaceInfo(account, namespace)),
    deleteNamespace: (account, namespace) =>
      group.write((tables) => tables.deleteNamespace(account, namespace)),
    listNamespaces: (account, from, limit) =>
      group.read((tables) => tables.listNamespaces(account, from, limit)),
    listAccounts: (from, limit) => group.read((tables) => tables.listAccounts(from, limit)),
    patch: (address, request, rules) => group.write((tables) => tables.patch(address, request, rules)),
    readProperty: (address, name, rules) => group.read((tables) => tables.readProperty(address, name, rules)),
    readProperties: (address, names, rules) =>
      group.read((tables) => tables.readProperties(address, names, rules)),
    deleteProperties: (...args) => group.write((tables) => tables.deleteProperties(...args)),
    clearSession: (address) => group.write((tables) => tables.clearSession(address)),
    sessionInfo: (address, rules) => group.read((tables) => tables.sessionInfo(address, rules)),
    listSessions: (...args) => group.read((tables) => tables.listSessions(...args)),
    reclaim: (rules) => group.write((tables) => tables.reclaim(rules)),
    close: async () => {
      group.flush()
      connection.close()
    },
  }
}
