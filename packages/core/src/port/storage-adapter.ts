import type { JsonValue, NamespaceInfo, Properties, SessionInfo } from '../api/context-store.ts'
import type { ContextStoreError } from '../api/errors.ts'
import type { BatchOutcome, BatchWrite } from './batch.ts'
import type { Cannot } from './capability.ts'
import type { CheckedAddress } from './checked-address.ts'
import type { Condition, PatchRequest, WriteOutcome } from './patch-request.ts'
import type { CallKind, GroupedWrites } from './transactions.ts'

/** Which part of a listing to read. */
export interface ListRequest {
  /** The `next` of the slice before; `undefined`: from the start. */
  readonly from: string | undefined
  /** At most so many items, 1 to 1000. */
  readonly limit: number
}

/** Which part of a namespace's sessions to read. */
export interface SessionListRequest extends ListRequest {
  /** Which properties to read along: `true` for all, the names of some; `undefined`: none. */
  readonly properties: true | readonly string[] | undefined
}

/** A session in a listing; with `properties` where they were asked for. */
export type ListedSession = SessionInfo & {
  /** Those that were asked for, as the caller's own. */
  readonly properties?: Properties
}

/**
 * Part of a listing. `next` asks for the part after it and stays valid while the data changes; `undefined`: that
 * was the last part. A slice may hold fewer items than `limit` and still have a `next`.
 */
export interface Slice<T> {
  /** The items, in the listing's order. */
  readonly items: readonly T[]
  /** Where the next part starts; `undefined`, never null, after the last part. */
  readonly next: string | undefined
}

/** What an adapter says of its engine; core and the conformance kit act on it. All of it is optional. */
export interface AdapterTraits {
  /** What the engine cannot do, with the reason. Core refuses such calls and options with `unsupported`. */
  readonly cannot?: Cannot | undefined
  /**
   * Whether calls on one session take effect in the order in which they were made, also while earlier ones are
   * under way. If not, core makes each wait for the earlier ones that it must not overtake.
   */
  readonly keepsOrder?: boolean | undefined
  /** The longest document that the engine holds, in UTF-16 units; lowers `rules.limits.documentLength`. */
  readonly maxDocumentLength?: number | undefined
  /** How long the adapter lets a call take, in milliseconds; core counts the time that a call waits into it. */
  readonly timeoutMs?: number | undefined
}

/**
 * The port: what core asks of an engine. `docs/write-an-adapter.md` explains it method by method.
 *
 * Each method is one atom of the engine: never a read and a write with a gap between them. Arguments have been
 * checked and are the adapter's own; what it returns must be the caller's own. It uses the clock and the limits of
 * the rules that `createStore` handed to it. A failure may be any error: see {@link StorageAdapter.errorOf}.
 */
export interface StorageAdapter extends AdapterTraits {
  /** Creates the namespace if it is missing; one that exists keeps its `createdAt` and takes a stated time to live. */
  createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void>
  /** Deletes the namespace with all its sessions; they are out of sight at once, however long their removal takes. */
  deleteNamespace(account: string, namespace: string): Promise<void>
  /** Part of the accounts that have a namespace. */
  listAccounts(request: ListRequest): Promise<Slice<string>>
  /** Part of an account's namespaces. */
  listNamespaces(account: string, request: ListRequest): Promise<Slice<NamespaceInfo>>
  /**
   * Part of a namespace's sessions. With properties, the slice ends early where the documents it read grow past
   * `listedLength`; it always holds at least one session if there is one.
   */
  listSessions(account: string, namespace: string, request: SessionListRequest): Promise<Slice<ListedSession>>
  /**
   * Checks the condition, merges, checks the limits and restarts the time to live: all or nothing. Creates the
   * namespace if it is missing, or throws `namespaceNotFound()` where `rules.explicitNamespaces` is set.
   * Engines that keep text let `decidePatch` decide.
   */
  patch(address: CheckedAddress, request: PatchRequest): Promise<WriteOutcome>
  /** Those of `names` that exist, read at one instant; `undefined`: all. `{}` where there is no such session. */
  readProperties(address: CheckedAddress, names: readonly string[] | undefined): Promise<Properties>
  /** Removes properties, all at once; with the last one the session ends. The time to live runs on. */
  deleteProperties(address: CheckedAddress, names: readonly string[]): Promise<void>
  /** Ends the session if `expected` holds; `undefined`: in any case. Creates nothing. */
  clearSession(address: CheckedAddress, expected: Condition | undefined): Promise<WriteOutcome>
  /** Closes what the adapter opened. Called once; no other call follows, and none is under way. */
  close(): Promise<void>

  /** Resolves when the engine answers. Default: lists one account. */
  ready?(): Promise<void>
  /** What is known of a namespace. Default: searches the listing. */
  namespaceInfo?(account: string, namespace: string): Promise<NamespaceInfo | undefined>
  /** One property. Default: `readProperties`. */
  readProperty?(address: CheckedAddress, name: string): Promise<JsonValue | undefined>
  /** What is known of a session. Default: searches the listing. */
  sessionInfo?(address: CheckedAddress): Promise<SessionInfo | undefined>
  /**
   * Reads `names`, calls `change` and applies the patch it returns, if any, as one step that nothing can come
   * between; for engines whose transaction can call a synchronous function. `change` does not throw, and may be
   * called again. Default: read, patch on the condition that nothing changed, and again.
   */
  update?(
    address: CheckedAddress,
    names: readonly string[],
    change: (current: Properties) => PatchRequest | undefined,
  ): Promise<void>
  /**
   * Makes the writes as one atom, in their order, each seeing those before it: all of them, or none where the
   * condition of one does not hold or one throws. For an adapter that says `keepsOrder`. Default: none, and core's
   * `batch` is an `UnsupportedError`.
   */
  batch?(writes: readonly BatchWrite[]): Promise<BatchOutcome>
  /**
   * Frees some of what expired or was deleted, in a step of about a millisecond. It runs beside other calls: check
   * again, in the atom that removes a session, that it has expired, since a patch may have begun it anew. Called after the first write of a
   * store and then after every 64th; after every 8th while the step returns `true`: there is more. Default: none,
   * for engines that free it themselves.
   */
  reclaim?(): Promise<boolean>
  /**
   * The store's error for an error of the engine, which becomes its cause. Default: `unavailable`, with `outcome`
   * `unknown` for writes; also where it throws or returns something else. Not asked about errors that are a
   * `ContextStoreError` already.
   */
  errorOf?(cause: unknown, during: CallKind): ContextStoreError
  /**
   * Lets core make the writes of one tick in one transaction: `new GroupCommit({ … })`. Each call is still all or
   * nothing; an error of the store's own (a `ContextStoreError`) must be thrown before the call's first write. Without
   * it each call is an atom of its own.
   */
  readonly transactions?: GroupedWrites | undefined
}

/** A member of the port without its promise; data, and functions that return none, as they are. */
export type Synchronous<F> = F extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : F

/** The port without promises: each member as in {@link StorageAdapter}, done when it returns. */
export type SyncStorageAdapter = {
  readonly [M in keyof StorageAdapter]: Synchronous<StorageAdapter[M]>
}
