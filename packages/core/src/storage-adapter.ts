import type { absent } from './absent.ts'
import type { JsonValue, NamespaceInfo, Properties, SessionInfo } from './api.ts'
import type { StoreRules } from './store-options.ts'

/**
 * A session's address as adapters get it: checked, complete, and one object for as long as a handle lives.
 */
export interface AddressKey {
  /** The account. */
  readonly account: string
  /** The namespace. */
  readonly namespace: string
  /** The session. */
  readonly session: string
  /**
   * A place where the adapter may keep what it derived from the address (an encoded key, a row it found), so
   * that a kept handle pays for it once. What it finds there may be stale: it checks. Begins as `undefined`.
   */
  memo: unknown
}

/** Names of properties, and the value of each; `absent` where the property is (to be) not there. */
export interface Entries {
  /** The names, each once. */
  readonly names: readonly string[]
  /** A plain object of checked copies that nobody else holds. Its own members count: a name may be `__proto__`. */
  readonly values: { readonly [name: string]: JsonValue | typeof absent }
}

/** A patch, checked. */
export interface PatchRequest {
  /** What becomes of which property. */
  readonly changes: Entries
  /** Whether one of the changes is `absent`. */
  readonly removes: boolean
  /** Whether the value of one of the changes is an object or an array. */
  readonly nests: boolean
  /** What must be there now; `undefined`: no condition. */
  readonly expected: Entries | undefined
  /** The session's own time to live from now on; `undefined`: not stated. */
  readonly ttlSeconds: number | undefined
  /** Never less than what `changes` adds to the session's compact JSON, in UTF-16 units. */
  readonly lengthBound: number
}

/**
 * What became of a patch. `undefined`: it is written. Else its condition did not hold, nothing has changed, and
 * these are the expected properties that exist, as the caller's own.
 */
export type PatchOutcome = Properties | undefined

/** Part of a listing as adapters give it; `next` asks for the part behind it, and is stable while the data changes. */
export interface Slice<T> {
  /** The items, in the listing's order. */
  readonly items: readonly T[]
  /** Where the next part starts; `undefined`: that was the last one. */
  readonly next: string | undefined
}

/**
 * The port, without promises: what an engine does atomically by itself. All checking has been done: names and
 * values are good, options in range. Each method is one atom; results are plain objects of the caller's own.
 *
 * Everything here obeys `rules`: `rules.now()` is the time (`undefined`: the engine's own clock), and an
 * expired session is not there. With `rules.explicitNamespaces`, `patch` and every read of a session or of a
 * listing of sessions throws `namespaceNotFound` where the namespace is unknown.
 */
export interface SyncStorageAdapter {
  /** Throws where the engine does not answer. */
  ready(): void
  /** Begins a namespace, or gives one that exists a stated time to live. */
  createNamespace(account: string, namespace: string, ttlSeconds: number | undefined, rules: StoreRules): void
  /** What is known of a namespace. */
  namespaceInfo(account: string, namespace: string, rules: StoreRules): NamespaceInfo | undefined
  /** Ends a namespace with all its sessions, at once for every reader. */
  deleteNamespace(account: string, namespace: string, rules: StoreRules): void
  /** Part of an account's namespaces, at most `limit`, from `from` on. */
  listNamespaces(
    account: string,
    from: string | undefined,
    limit: number,
    rules: StoreRules,
  ): Slice<NamespaceInfo>
  /** Part of the accounts that have a namespace. */
  listAccounts(from: string | undefined, limit: number, rules: StoreRules): Slice<string>
  /**
   * Decides the condition, merges, counts, restarts the time to live: all or nothing. Begins the namespace
   * where it may; a session begins and ends as `nextLife` says. Passing a limit throws `tooLarge`.
   */
  patch(address: AddressKey, request: PatchRequest, rules: StoreRules): PatchOutcome
  /** One property. */
  readProperty(address: AddressKey, name: string, rules: StoreRules): JsonValue | undefined
  /** Those of `names` that exist; `undefined`: all. */
  readProperties(address: AddressKey, names: readonly string[] | undefined, rules: StoreRules): Properties
  /** Removes properties; with the last one the session ends. The time to live runs on. */
  deleteProperties(address: AddressKey, names: readonly string[], rules: StoreRules): void
  /** Ends the session. */
  clearSession(address: AddressKey, rules: StoreRules): void
  /** What is known of a session. */
  sessionInfo(address: AddressKey, rules: StoreRules): SessionInfo | undefined
  /** Part of a namespace's sessions. */
  listSessions(
    account: string,
    namespace: string,
    from: string | undefined,
    limit: number,
    rules: StoreRules,
  ): Slice<SessionInfo>
  /** Frees some of what expired or was deleted, in a step that is short; called now and then, after writes. */
  reclaim(rules: StoreRules): void
  /** Waits for what is under way, closes what the adapter opened; called once, last. */
  close(): void
}

/** The port with promises: each member as in {@link SyncStorageAdapter}. Calls on one session keep their order. */
export type StorageAdapter = {
  readonly [M in keyof SyncStorageAdapter]: (
    ...args: Parameters<SyncStorageAdapter[M]>
  ) => Promise<ReturnType<SyncStorageAdapter[M]>>
}

/** The port with promises over one without: each call is made at once, and its outcome promised. */
export function promised(adapter: SyncStorageAdapter): StorageAdapter {
  return {
    ready: async () => adapter.ready(),
    createNamespace: async (...args) => adapter.createNamespace(...args),
    namespaceInfo: async (...args) => adapter.namespaceInfo(...args),
    deleteNamespace: async (...args) => adapter.deleteNamespace(...args),
    listNamespaces: async (...args) => adapter.listNamespaces(...args),
    listAccounts: async (...args) => adapter.listAccounts(...args),
    patch: async (address, request, rules) => adapter.patch(address, request, rules),
    readProperty: async (address, name, rules) => adapter.readProperty(address, name, rules),
    readProperties: async (address, names, rules) => adapter.readProperties(address, names, rules),
    deleteProperties: async (...args) => adapter.deleteProperties(...args),
    clearSession: async (...args) => adapter.clearSession(...args),
    sessionInfo: async (...args) => adapter.sessionInfo(...args),
    listSessions: async (...args) => adapter.listSessions(...args),
    reclaim: async (rules) => adapter.reclaim(rules),
    close: async () => adapter.close(),
  }
}
