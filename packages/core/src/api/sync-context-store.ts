/// <reference lib="esnext.disposable" preserve="true" />
import type {
  Expected,
  ListOptions,
  ListPropertiesOptions,
  NamespaceInfo,
  NamespaceOptions,
  Page,
  Patch,
  PatchIfResult,
  PatchOptions,
  Properties,
  SessionAddress,
  SessionInfo,
  SessionInfoWithProperties,
} from './context-store.ts'

/** {@link Session} without promises: every method does the same, is done when it returns, and throws its errors. */
export interface SyncSession<P extends object = Properties> {
  /** As {@link Session.address}. */
  readonly address: Required<SessionAddress>
  /** As {@link Session.get}. */
  get<K extends keyof P & string>(name: K): P[K] | undefined
  /** As {@link Session.getMany}. */
  getMany<K extends keyof P & string>(names: readonly K[]): Partial<Pick<P, K>>
  /** As {@link Session.getAll}. */
  getAll(): Partial<P>
  /** As {@link Session.patch}. */
  patch(properties: Patch<P>, options?: PatchOptions): void
  /** As {@link Session.patchIf}. */
  patchIf<K extends keyof P & string>(
    expected: Pick<Expected<P>, K>,
    properties: Patch<P>,
    options?: PatchOptions,
  ): PatchIfResult<P, K>
  /** As {@link Session.update}. */
  update<K extends keyof P & string>(
    names: readonly K[],
    change: (current: Partial<Pick<P, K>>) => Patch<P> | undefined,
    options?: PatchOptions,
  ): Partial<Pick<P, K>>
  /** As {@link Session.delete}. */
  delete(names: (keyof P & string) | readonly (keyof P & string)[]): void
  /** As {@link Session.clear}. */
  clear(): void
  /** As {@link Session.clearIf}. */
  clearIf<K extends keyof P & string>(expected: Pick<Expected<P>, K>): PatchIfResult<P, K>
  /** As {@link Session.info}. */
  info(): SessionInfo | undefined
}

/** {@link Namespace} without promises. */
export interface SyncNamespace<P extends object = Properties> {
  /** As {@link Namespace.name}. */
  readonly name: string
  /** As {@link Namespace.session}. */
  session(id?: string): SyncSession<P>
  /** As {@link Namespace.create}. */
  create(options?: NamespaceOptions): void
  /** As {@link Namespace.delete}. */
  delete(): void
  /** As {@link Namespace.info}. */
  info(): NamespaceInfo | undefined
  /** As {@link Namespace.sessions}. */
  sessions(): Iterable<SessionInfo>
  /** As {@link Namespace.sessions}, with properties. */
  sessions(options: ListPropertiesOptions<P>): Iterable<SessionInfoWithProperties<P>>
  /** As {@link Namespace.listSessions}. */
  listSessions(options?: ListOptions): Page<SessionInfo>
  /** As {@link Namespace.listSessions}, with properties. */
  listSessions(options: ListOptions & ListPropertiesOptions<P>): Page<SessionInfoWithProperties<P>>
}

/** {@link Account} without promises. */
export interface SyncAccount {
  /** As {@link Account.id}. */
  readonly id: string
  /** As {@link Account.namespace}. */
  namespace<P extends object = Properties>(name: string): SyncNamespace<P>
  /** As {@link Account.namespaces}. */
  namespaces(): Iterable<NamespaceInfo>
}

/** {@link ContextStore} without promises, for synchronous scripts with memory or SQLite. */
export interface SyncContextStore extends Disposable {
  /** As {@link ContextStore.account}. */
  account(id: string): SyncAccount
  /** As {@link ContextStore.session}. */
  session<P extends object = Properties>(address: SessionAddress): SyncSession<P>
  /** As {@link ContextStore.accounts}. */
  accounts(): Iterable<string>
  /** As {@link ContextStore.ready}. */
  ready(): void
  /** As {@link ContextStore.close}; also closes the asynchronous side, since both are one store. */
  close(): void
}

/** A store with a synchronous side for the same data: memory and SQLite. */
export interface HasSync {
  /** The same store without promises. A synchronous call sees every earlier write, awaited or not. */
  readonly sync: SyncContextStore
}
