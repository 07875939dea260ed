/// <reference lib="esnext.disposable" preserve="true" />
import type { absent } from './absent.ts'
import type { present } from './present.ts'

/** The value of a property: a JSON value, nested up to a limit (see {@link Limits}). */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }

/** The properties of a session: names and JSON values. */
export type Properties = { [name: string]: JsonValue }

/**
 * A change of properties: a value is written, {@link absent} removes the property; one that is `undefined` or left
 * out does not change.
 *
 * Merges at the top level only: a nested object is replaced, not merged. `null` is a value.
 */
export type Patch<P extends object = Properties> = {
  readonly [K in keyof P]?: P[K] | typeof absent | undefined
}

/**
 * The values that properties must have now, compared by deep JSON equality. {@link absent}: the property must not
 * exist; {@link present}: it must exist, whatever its value.
 *
 * `undefined` is an error, since it is usually a variable that was never set.
 */
export type Expected<P extends object = Properties> = {
  readonly [K in keyof P]?: P[K] | typeof absent | typeof present
}

/** The result of a conditional write. `K` is the union of the names in its condition. */
export type PatchIfResult<P extends object = Properties, K extends keyof P = keyof P> =
  | {
      /** The condition held, and the write was applied. */
      readonly ok: true
    }
  | {
      /** The condition did not hold, and nothing was changed. */
      readonly ok: false
      /** The expected properties that exist, and no others. */
      readonly current: Partial<Pick<P, K>>
    }

/** Options of a patch. */
export interface PatchOptions {
  /**
   * The session's own time to live, until a later patch states another; 0: it never expires, whatever the namespace's
   * time to live. Whole seconds from 0 to 10^10.
   */
  readonly ttlSeconds?: number | undefined
}

/** The address of a session. Without `session`: `__default__`. */
export interface SessionAddress {
  /** The account: 1 to 512 UTF-16 units of well-formed Unicode, opaque. */
  readonly account: string
  /** The namespace within the account; limits as for the account. */
  readonly namespace: string
  /** The session within the namespace, default `__default__`; limits as for the account. */
  readonly session?: string | undefined
}

/** What a store knows about a session, besides its properties. */
export interface SessionInfo {
  /** The session's id. */
  readonly id: string
  /** When the patch that created it took effect. */
  readonly createdAt: Date
  /** The time to live in force since the last patch, the session's own or the namespace's; left out: it never expires. */
  readonly ttlSeconds?: number
  /** When the session expires unless it is patched before; left out: never. */
  readonly expiresAt?: Date
}

/** A session in a listing, with its properties: all, or those that were requested. */
export type SessionInfoWithProperties<P extends object = Properties> = SessionInfo & {
  /** The properties, read at one instant for each session. */
  readonly properties: Partial<P>
}

/** What a store knows about a namespace. */
export interface NamespaceInfo {
  /** The namespace's name. */
  readonly name: string
  /** When it was created, or first patched. */
  readonly createdAt: Date
  /** The time to live of sessions that have none of their own; left out: they never expire. */
  readonly ttlSeconds?: number
}

/** Options for creating a namespace. */
export interface NamespaceOptions {
  /**
   * The time to live of its sessions that have none of their own, from their next patch on; 0: they never expire.
   * Whole seconds from 0 to 10^10. If it is left out, an existing namespace keeps its time to live.
   */
  readonly ttlSeconds?: number | undefined
}

/** Which part of a listing to return. */
export interface ListOptions {
  /** The cursor of the previous page; left out: from the start. */
  readonly cursor?: string | undefined
  /** The maximum number of items on the page: 1 to 1000, default 100. */
  readonly limit?: number | undefined
}

/** Which properties a listing returns with each session. */
export interface ListPropertiesOptions<P extends object = Properties> {
  /** `true`: all of them; an array: the named properties that exist. */
  readonly properties: true | readonly (keyof P & string)[]
}

/** Part of a listing. A page without a `cursor` is the last. */
export interface Page<T> {
  /** The items of this page, in the listing's order. */
  readonly items: readonly T[]
  /** Opaque; pass it to the same listing to get the next page. */
  readonly cursor?: string
}

/**
 * A handle on one session. It is cheap to make, and valid as long as its store is open, whether or not the session
 * exists. Calls made through one store on one session take effect in the order they were made, awaited or not.
 *
 * Every method may reject with a {@link ContextStoreError}: `closed` after `close()`, `unavailable` if the engine
 * does not answer, `corrupt` if the stored data was not written by this version, and, with `namespaces: 'explicit'`,
 * `namespace-not-found` for a patch or a read in a namespace that does not exist.
 */
export interface Session<P extends object = Properties> {
  /** The address of this session, with the session's id filled in. */
  readonly address: Required<SessionAddress>
  /**
   * Reads one property.
   *
   * @returns a copy of the value; `undefined` if the property does not exist
   * @throws {@link InvalidAddressError} for an invalid name
   */
  get<K extends keyof P & string>(name: K): Promise<P[K] | undefined>
  /**
   * Reads several properties in one consistent read.
   *
   * @returns a plain object with those that exist
   * @throws {@link InvalidAddressError} for an invalid name
   */
  getMany<K extends keyof P & string>(names: readonly K[]): Promise<Partial<Pick<P, K>>>
  /** Reads all properties in one consistent read; `{}` if the session does not exist. */
  getAll(): Promise<Partial<P>>
  /**
   * Merges `properties` into the session, atomically; creates the session and the namespace if they are missing.
   *
   * Merges at the top level only: a named property is replaced, one left out stays. `null` is a value,
   * {@link absent} removes the property, `undefined` changes nothing. All or nothing. The session's time to live
   * starts again, even with an empty patch. A session left without properties ends, unless this patch states a time
   * to live above 0.
   *
   * @throws {@link InvalidValueError} with the path of a value that JSON would lose or change
   * @throws {@link TooLargeError} if the session would exceed a limit
   * @throws {@link InvalidOptionError} for an unknown option or an invalid `ttlSeconds`
   * @example
   * ```ts
   * await session.patch({ step: 2, draft: absent }, { ttlSeconds: 3600 })
   * ```
   */
  patch(properties: Patch<P>, options?: PatchOptions): Promise<void>
  /**
   * Merges `properties` as {@link Session.patch} does, but only if every property in `expected` is as expected. The
   * check and the write are one atomic operation. Otherwise nothing changes: the time to live does not restart, and
   * neither a session nor a namespace is created.
   *
   * @param expected - the condition; an empty one always holds
   * @returns `{ ok: true }`, or `{ ok: false, current }` with the current values of the expected properties
   * @throws {@link InvalidValueError} for an `undefined` in `expected`, and as {@link Session.patch} does
   * @throws {@link ConflictError} if the session changed during each of 128 attempts
   * @example
   * ```ts
   * const claim = await session.patchIf({ owner: absent }, { owner: me })
   * ```
   */
  patchIf<K extends keyof P & string>(
    expected: Pick<Expected<P>, K>,
    properties: Patch<P>,
    options?: PatchOptions,
  ): Promise<PatchIfResult<P, K>>
  /**
   * Reads the properties in `names`, calls `change` with them, and writes the patch that it returns. The named
   * properties do not change in between. Later calls of this store on this session take effect after the update.
   *
   * @param names - the properties that `change` gets
   * @param change - synchronous; may be called again after a lost race; must not call this store; returns a patch, or
   *   `undefined` to write nothing. Changes to its argument are not written.
   * @returns the named properties after the update
   * @throws {@link ConflictError} after 128 lost races; any error that `change` throws is passed on
   * @throws {@link InvalidOptionError} if `change` is not a function or returns a promise
   * @example
   * ```ts
   * const { turns } = await session.update(['turns'], ({ turns = 0 }) => ({ turns: turns + 1 }))
   * ```
   */
  update<K extends keyof P & string>(
    names: readonly K[],
    change: (current: Partial<Pick<P, K>>) => Patch<P> | undefined,
    options?: PatchOptions,
  ): Promise<Partial<Pick<P, K>>>
  /** Removes properties, atomically; a missing property is not an error. Does not restart the time to live. */
  delete(names: (keyof P & string) | readonly (keyof P & string)[]): Promise<void>
  /** Removes every property: the session ends, and its own time to live with it. */
  clear(): Promise<void>
  /**
   * Ends the session as {@link Session.clear} does, but only if every property in `expected` is as expected. The check
   * and the removal are one atomic operation.
   *
   * @returns `{ ok: true }`, or `{ ok: false, current }` with the current values of the expected properties
   * @throws {@link InvalidValueError} for an `undefined` in `expected`
   * @example
   * ```ts
   * await lock.clearIf({ holder: me }) // releases the lock only if it is still mine
   * ```
   */
  clearIf<K extends keyof P & string>(expected: Pick<Expected<P>, K>): Promise<PatchIfResult<P, K>>
  /** When the session was created, and when it expires; `undefined` if it does not exist. */
  info(): Promise<SessionInfo | undefined>
}

/** A handle on one namespace of an account. {@link Session} lists the errors that every method may reject with. */
export interface Namespace<P extends object = Properties> {
  /** The namespace's name. */
  readonly name: string
  /**
   * Returns a handle on a session of this namespace; without an id: `__default__`. Accesses no data.
   *
   * @throws {@link InvalidAddressError} for an invalid id
   */
  session(id?: string): Session<P>
  /**
   * Creates the namespace. An existing namespace keeps its `createdAt`; its time to live changes if one is given.
   *
   * @throws {@link InvalidOptionError} for an unknown option or an invalid time to live
   */
  create(options?: NamespaceOptions): Promise<void>
  /** Deletes the namespace with all its sessions; a missing namespace is not an error. */
  delete(): Promise<void>
  /** When the namespace was created, and its time to live; `undefined` if it does not exist. */
  info(): Promise<NamespaceInfo | undefined>
  /**
   * Lists the sessions, reading a page at a time. A session that exists throughout the iteration is listed exactly
   * once; one that is created or ends meanwhile may or may not be listed; none is listed twice.
   */
  sessions(): AsyncIterable<SessionInfo>
  /**
   * Lists the sessions with their properties: one read per page, not one per session.
   *
   * @example
   * ```ts
   * for await (const { id, properties } of orders.sessions({ properties: ['step'] })) console.log(id, properties.step)
   * ```
   */
  sessions(options: ListPropertiesOptions<P>): AsyncIterable<SessionInfoWithProperties<P>>
  /**
   * One page of {@link Namespace.sessions}.
   *
   * @throws {@link InvalidOptionError} for an unknown option, a limit outside 1 to 1000, or a cursor that did not
   *   come from this listing
   */
  listSessions(options?: ListOptions): Promise<Page<SessionInfo>>
  /**
   * One page of sessions with their properties. It ends early, with a cursor, once its sessions reach 4,000,000
   * characters of JSON.
   */
  listSessions(options: ListOptions & ListPropertiesOptions<P>): Promise<Page<SessionInfoWithProperties<P>>>
}

/** A handle on one account; no other account can be reached through it. */
export interface Account {
  /** The account's id. */
  readonly id: string
  /**
   * Returns a handle on a namespace. Accesses no data. `P` is not checked at run time; only that values are JSON is.
   *
   * @throws {@link InvalidAddressError} for an invalid name
   */
  namespace<P extends object = Properties>(name: string): Namespace<P>
  /** Lists the namespaces; the rules of {@link Namespace.sessions} apply. */
  namespaces(): AsyncIterable<NamespaceInfo>
}

/**
 * A store for conversation context: account → namespace → session → property.
 *
 * @example
 * ```ts
 * const session = store.account('577089').namespace('orders').session('42')
 * await session.patch({ step: 1 })
 * ```
 */
export interface ContextStore extends AsyncDisposable {
  /**
   * Returns a handle on an account. Accesses no data.
   *
   * @throws {@link InvalidAddressError} for an invalid id
   */
  account(id: string): Account
  /**
   * Returns a handle on a session by its full address, for code that routes addresses. If `address` has a `session`,
   * its other members are ignored, so it may be a row with more columns. Without `session`, other members are an
   * error, since one may be a misspelt `session`.
   *
   * @throws {@link InvalidAddressError} for an invalid address
   */
  session<P extends object = Properties>(address: SessionAddress): Session<P>
  /** Lists the accounts that have a namespace; the rules of {@link Namespace.sessions} apply. */
  accounts(): AsyncIterable<string>
  /** Resolves when the engine answers; for health checks, and to fail early at startup. */
  ready(): Promise<void>
  /**
   * Waits for all pending calls, then closes what the store opened itself (a path, a URL) and the stores it was built
   * from, but never a client or database that the caller passed in. Any later call is a {@link StoreClosedError},
   * except that a second `close()` has the same result as the first.
   */
  close(): Promise<void>
}
