import type { JsonValue, NamespaceInfo, Properties, SessionInfo } from '../api/context-store.ts'
import type { ContextStoreError } from '../api/errors.ts'
import type { BatchOutcome, BatchWrite } from './batch.ts'
import type { Cannot } from './capability.ts'
import type { CheckedAddress } from './checked-address.ts'
import type { Condition, PatchRequest, WriteOutcome } from './patch-request.ts'
import type { CallKind, GroupedWrites } from './transactions.ts'

/** Which part of a listing to read. */
export interface ListRequest {
  /** The `next` of the previous slice; `undefined`: from the start. */
  readonly from: string | undefined
  /** The maximum number of items, 1 to 1000. */
  readonly limit: number
}

/** Which part of a namespace's sessions to read. */
export interface SessionListRequest extends ListRequest {
  /** Which properties to read with each session: `true` for all, or names; `undefined`: none. */
  readonly properties: true | readonly string[] | undefined
}

/** A session in a listing; with `properties` if they were requested. */
export type ListedSession = SessionInfo & {
  /** Those that were requested; the caller owns the objects. */
  readonly properties?: Properties
}

/**
 * Part of a listing. `next` asks for the following part and stays valid while the data changes; `undefined`: this is
 * the last part. A slice may have fewer items than `limit` and still have a `next`.
 */
export interface Slice<T> {
  /** The items, in the listing's order. */
  readonly items: readonly T[]
  /** Where the next part starts; `undefined` (not null) after the last part. */
  readonly next: string | undefined
}

/** What an adapter declares about its engine; core and the conformance kit act on it. All of it is optional. */
export interface AdapterTraits {
  /** What the engine cannot do, with the reason. Core refuses such calls and options with `unsupported`. */
  readonly cannot?: Cannot | undefined
  /**
   * Whether calls on one session take effect in the order in which they were made, even while earlier ones are
   * pending. If not, core makes each wait for the earlier ones that it must not overtake.
   */
  readonly keepsOrder?: boolean | undefined
  /** The longest document that the engine can store, in UTF-16 units; lowers `rules.limits.documentLength`. */
  readonly maxDocumentLength?: number | undefined
  /** The adapter's timeout for a call, in milliseconds; core applies it to a call that waits, waiting time included. */
  readonly timeoutMs?: number | undefined
}

/**
 * The port: what core requires of an engine. `docs/write-an-adapter.md` explains it method by method.
 *
 * Each method is atomic: never a read and a write with a gap between them. The arguments have been checked and belong
 * to the adapter; the objects that it returns must belong to the caller. The adapter uses the clock and the limits of
 * the rules that `createStore` passed to it. It may throw any error: see {@link StorageAdapter.errorOf}.
 */
export interface StorageAdapter extends AdapterTraits {
  /** Creates the namespace if it is missing; an existing one keeps its `createdAt` and gets a stated time to live. */
  createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void>
  /** Deletes the namespace with all its sessions; they are invisible at once, however long their removal takes. */
  deleteNamespace(account: string, namespace: string): Promise<void>
  /** Part of the accounts that have a namespace. */
  listAccounts(request: ListRequest): Promise<Slice<string>>
  /** Part of an account's namespaces. */
  listNamespaces(account: string, request: ListRequest): Promise<Slice<NamespaceInfo>>
  /**
   * Part of a namespace's sessions. With properties, the slice ends early once the documents read reach
   * `listedLength`; it always has at least one session if there is one.
   */
  listSessions(account: string, namespace: string, request: SessionListRequest): Promise<Slice<ListedSession>>
  /**
   * Checks the condition, merges, checks the limits and restarts the time to live: all or nothing. Creates the
   * namespace if it is missing, or throws `namespaceNotFound()` if `rules.explicitNamespaces` is set.
   * Engines that keep text use `decidePatch`.
   */
  patch(address: CheckedAddress, request: PatchRequest): Promise<WriteOutcome>
  /** The properties in `names` that exist, in one consistent read; `undefined`: all. `{}` if the session does not exist. */
  readProperties(address: CheckedAddress, names: readonly string[] | undefined): Promise<Properties>
  /** Removes properties, atomically; with the last one the session ends. Does not restart the time to live. */
  deleteProperties(address: CheckedAddress, names: readonly string[]): Promise<void>
  /** Ends the session if `expected` holds; `undefined`: unconditionally. Creates nothing. */
  clearSession(address: CheckedAddress, expected: Condition | undefined): Promise<WriteOutcome>
  /** Closes what the adapter opened. Called once, when no call is pending; no other call follows. */
  close(): Promise<void>

  /** Resolves when the engine answers. Default: lists one account. */
  ready?(): Promise<void>
  /** The info of a namespace, if it exists. Default: searches the listing. */
  namespaceInfo?(account: string, namespace: string): Promise<NamespaceInfo | undefined>
  /** One property. Default: `readProperties`. */
  readProperty?(address: CheckedAddress, name: string): Promise<JsonValue | undefined>
  /** The info of a session, if it exists. Default: searches the listing. */
  sessionInfo?(address: CheckedAddress): Promise<SessionInfo | undefined>
  /**
   * Reads `names`, calls `change` and applies the patch it returns, if any, atomically. For engines that can call a
   * synchronous function within a transaction. `change` does not throw, and may be called again. Default: read, then
   * patch on the condition that nothing changed; repeat if it did.
   */
  update?(
    address: CheckedAddress,
    names: readonly string[],
    change: (current: Properties) => PatchRequest | undefined,
  ): Promise<void>
  /**
   * Makes the writes atomically and in order, each seeing those before it. None is applied if the condition of one does
   * not hold, or one throws. Requires `keepsOrder`. Default: none, and core's `batch` throws an `UnsupportedError`.
   */
  batch?(writes: readonly BatchWrite[]): Promise<BatchOutcome>
  /**
   * Frees some expired or deleted data, in a step of about a millisecond. It runs concurrently with other calls: when
   * removing a session, check again, atomically, that it has expired, since a patch may have recreated it. Called after
   * the first write of a store and then after every 64th; after every 8th while a step returns `true`, which means that
   * there is more. Default: none, for engines that free it themselves.
   */
  reclaim?(): Promise<boolean>
  /**
   * Translates an error of the engine into the store's error; pass the engine's error as its `cause`. Default:
   * `unavailable`, with `outcome` `unknown` for writes; also if this method throws or returns something else. Not called
   * for an error that already is a `ContextStoreError`.
   */
  errorOf?(cause: unknown, during: CallKind): ContextStoreError
  /**
   * Lets core make the writes of one tick in one transaction: `new GroupCommit({ … })`. Each call is still all or
   * nothing; a `ContextStoreError` must be thrown before the call's first write. Without it, each call is atomic by
   * itself.
   */
  readonly transactions?: GroupedWrites | undefined
}

/** A member of the port without its promise; data, and functions that return no promise, are unchanged. */
export type Synchronous<F> = F extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : F

/** The port without promises: each member as in {@link StorageAdapter}, done when it returns. */
export type SyncStorageAdapter = {
  readonly [M in keyof StorageAdapter]: Synchronous<StorageAdapter[M]>
}
