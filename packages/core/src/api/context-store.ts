/// <reference lib="esnext.disposable" preserve="true" />
import type { absent } from './absent.ts'
import type { present } from './present.ts'

/** What a property can hold: a JSON value, nested up to a limit (see {@link Limits}). */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }

/** The properties of a session: names and JSON values. */
export type Properties = { [name: string]: JsonValue }

/**
 * A change of properties: a value is written, {@link absent} removes; `undefined`, or left out, changes nothing.
 *
 * Top level only: a nested object is replaced, not merged. `null` is a value.
 */
export type Patch<P extends object = Properties> = {
  readonly [K in keyof P]?: P[K] | typeof absent | undefined
}

/**
 * What must be there now, by deep JSON equality. {@link absent}: must not be there; {@link present}: must be there,
 * whatever its value.
 *
 * `undefined` is refused: a variable that somebody forgot to set is no condition.
 */
export type Expected<P extends object = Properties> = {
  readonly [K in keyof P]?: P[K] | typeof absent | typeof present
}

/** The result of a conditional write. `K` are the names in its condition. */
export type PatchIfResult<P extends object = Properties, K extends keyof P = keyof P> =
  | {
      /** The condition held, and the write is applied. */
      readonly ok: true
    }
  | {
      /** The condition did not hold, and nothing has changed. */
      readonly ok: false
      /** Those of the expected properties that exist, and no others. */
      readonly current: Partial<Pick<P, K>>
    }

/** Options of a patch. */
export interface PatchOptions {
  /**
   * The session's own time to live from now on, until another is stated; 0: for ever, whatever the namespace says.
   * Whole seconds from 0 to 10^10.
   */
  readonly ttlSeconds?: number | undefined
}

/** Where a session is. Without `session`: `__default__`. */
export interface SessionAddress {
  /** The account: 1 to 512 UTF-16 units of well-formed Unicode, opaque. */
  readonly account: string
  /** The namespace within the account; limits as for the account. */
  readonly namespace: string
  /** The session within the namespace, `__default__` if none; limits as for the account. */
  readonly session?: string | undefined
}

/** What a store knows of a session beside its properties. */
export interface SessionInfo {
  /** The session's id. */
  readonly id: string
  /** When the patch that created it took effect. */
  readonly createdAt: Date
  /** The time to live in force since the last patch, the session's own or the namespace's; none: for ever. */
  readonly ttlSeconds?: number
  /** When the session expires unless it is patched before; none: never. */
  readonly expiresAt?: Date
}

/** A session in a listing, with its properties: all, or those that were asked for. */
export type SessionInfoWithProperties<P extends object = Properties> = SessionInfo & {
  /** The properties, read at one instant for each session. */
  readonly properties: Partial<P>
}

/** What a store knows of a namespace. */
export interface NamespaceInfo {
  /** The namespace's name. */
  readonly name: string
  /** When it was created, or first patched. */
  readonly createdAt: Date
  /** The time to live of sessions that state none of their own; none: for ever. */
  readonly ttlSeconds?: number
}

/** Options for creating a namespace. */
export interface NamespaceOptions {
  /**
   * The time to live of its sessions that state none of their own, from their next patch on; 0: for ever.
   * Whole seconds from 0 to 10^10. Left out, an existing namespace keeps its own.
   */
  readonly ttlSeconds?: number | undefined
}

/** Which part of a listing to give. */
export interface ListOptions {
  /** The cursor of the page before; left out: from the start. */
  readonly cursor?: string | undefined
  /** The most items of the page: 1 to 1000, default 100. */
  readonly limit?: number | undefined
}

/** Which properties a listing gives with each session. */
export interface ListPropertiesOptions<P extends object = Properties> {
  /** `true`: all of them; an array: those of these names that exist. */
  readonly properties: true | readonly (keyof P & string)[]
}

/** Part of a listing. Without a `cursor` it was the last. */
export interface Page<T> {
  /** The items of this page, in the listing's order. */
  readonly items: readonly T[]
  /** Opaque; asks the same listing for the page after this one. */
  readonly cursor?: string
}

/**
 * A handle on one session; cheap to make, and valid for as long as its store is open, whether or not the session
 * exists. Calls of one store on one session take effect in the order they were made, awaited or not.
 *
 * Every method rejects with a {@link ContextStoreError}: `closed` after `close()`, `unavailable` where the
 * engine does not answer, `corrupt` where the stored data is not what this version wrote, and, with
 * `namespaces: 'explicit'`, `namespace-not-found` for a patch or a read in an unknown namespace.
 */
export interface Session<P extends object = Properties> {
  /** Where this session is, with the session's name filled in. */
  readonly address: Required<SessionAddress>
  /**
   * Reads one property.
   *
   * @returns a copy of the value; `undefined` if there is none
   * @throws {@link InvalidAddressError} for an invalid name
   */
  get<K extends keyof P & string>(name: K): Promise<P[K] | undefined>
  /**
   * Reads several properties at one instant.
   *
   * @returns a plain object with those that exist
   * @throws {@link InvalidAddressError} for an invalid name
   */
  getMany<K extends keyof P & string>(names: readonly K[]): Promise<Partial<Pick<P, K>>>
  /** Reads every property at one instant; `{}` if there is no such session. */
  getAll(): Promise<Partial<P>>
  /**
   * Merges `properties` into the session, atomically; creates the session and the namespace if they are missing.
   *
   * Top level only: a named property is replaced, one left out stays. `null` is a value, {@link absent} removes,
   * `undefined` changes nothing. All or nothing. The session's time to live starts again, also with an empty patch.
   * A session that is left without a property ends, unless this patch states a time to live above 0.
   *
   * @throws {@link InvalidValueError} naming the path of a value that JSON would lose
   * @throws {@link TooLargeError} if the session would pass a limit
   * @throws {@link InvalidOptionError} for an unknown option or an invalid `ttlSeconds`
   * @example
   * ```ts
   * await session.patch({ step: 2, draft: absent }, { ttlSeconds: 3600 })
   * ```
   */
  patch(properties: Patch<P>, options?: PatchOptions): Promise<void>
  /**
   * Merges `properties` as {@link Session.patch} does if each property that `expected` names is as it says; decided
   * and written as one atom of the engine. Otherwise nothing changes: no time to live restarts, and neither a session
   * nor a namespace is created.
   *
   * @param expected - what must be there; an empty condition always holds
   * @returns `{ ok: true }`, or `{ ok: false, current }` with the expected properties as they are
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
   * Reads `names`, calls `change`, and writes what it returns; nothing of the named properties changes in between.
   * Later calls of this store on this session take effect after it.
   *
   * @param names - what `change` sees
   * @param change - synchronous; may be called again after a lost race; must not call this store; returns a patch, or
   *   `undefined` to write nothing. What it does to its argument is not written.
   * @returns the named properties as they are afterwards
   * @throws {@link ConflictError} after 128 lost races; whatever `change` throws
   * @throws {@link InvalidOptionError} if `change` is no function or returns a promise
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
  /** Removes properties, all at once; a name that is not there is no error. The time to live runs on. */
  delete(names: (keyof P & string) | readonly (keyof P & string)[]): Promise<void>
  /** Removes every property: the session ends, with its own time to live. */
  clear(): Promise<void>
  /**
   * Ends the session as {@link Session.clear} does if each property that `expected` names is as it says; one atom of
   * the engine.
   *
   * @returns `{ ok: true }`, or `{ ok: false, current }` with the expected properties as they are
   * @throws {@link InvalidValueError} for an `undefined` in `expected`
   * @example
   * ```ts
   * await lock.clearIf({ holder: me }) // releases the lock only if it is still mine
   * ```
   */
  clearIf<K extends keyof P & string>(expected: Pick<Expected<P>, K>): Promise<PatchIfResult<P, K>>
  /** What is known of the session; `undefined` if there is none. */
  info(): Promise<SessionInfo | undefined>
}

/** A handle on one namespace of an account; {@link Session} lists the errors that every method may reject with. */
export interface Namespace<P extends object = Properties> {
  /** The namespace's name. */
  readonly name: string
  /**
   * A handle on a session of this namespace; without an id: `__default__`. Touches nothing.
   *
   * @throws {@link InvalidAddressError} for an invalid id
   */
  session(id?: string): Session<P>
  /**
   * Creates the namespace. One that exists keeps its `createdAt` and takes a stated time to live.
   *
   * @throws {@link InvalidOptionError} for an unknown option or an invalid time to live
   */
  create(options?: NamespaceOptions): Promise<void>
  /** Deletes the namespace with all its sessions; if there is none, that is no error. */
  delete(): Promise<void>
  /** What is known of the namespace; `undefined` if there is none. */
  info(): Promise<NamespaceInfo | undefined>
  /**
   * Lists the sessions, a page at a time. What exists throughout the iteration shows exactly once; what comes or
   * goes meanwhile may or may not show, and nothing shows twice.
   */
  sessions(): AsyncIterable<SessionInfo>
  /**
   * Lists the sessions with their properties: one read for each page, not one for each session.
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
   * @throws {@link InvalidOptionError} for an unknown option, a limit outside 1 to 1000, or a cursor that this
   *   listing did not give
   */
  listSessions(options?: ListOptions): Promise<Page<SessionInfo>>
  /**
   * One page of sessions with their properties. It ends early, with a cursor, where its sessions reach 4,000,000
   * characters of JSON.
   */
  listSessions(options: ListOptions & ListPropertiesOptions<P>): Promise<Page<SessionInfoWithProperties<P>>>
}

/** A handle on one account: nothing of another account can be reached through it. */
export interface Account {
  /** The account's id. */
  readonly id: string
  /**
   * A handle on a namespace. Touches nothing. `P` is the caller's claim; only that values are JSON is checked.
   *
   * @throws {@link InvalidAddressError} for an invalid name
   */
  namespace<P extends object = Properties>(name: string): Namespace<P>
  /** Lists the namespaces, under the rules of {@link Namespace.sessions}. */
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
   * A handle on an account. Touches nothing.
   *
   * @throws {@link InvalidAddressError} for an invalid id
   */
  account(id: string): Account
  /**
   * A handle on a session by its whole address, for code that routes addresses. Other members of an object that names its
   * session are ignored, so that a row with an address can be given; one without `session` must have no others, since
   * one of them may be a misspelt session.
   *
   * @throws {@link InvalidAddressError} for an invalid address
   */
  session<P extends object = Properties>(address: SessionAddress): Session<P>
  /** Lists the accounts that have a namespace, under the rules of {@link Namespace.sessions}. */
  accounts(): AsyncIterable<string>
  /** Resolves when the engine answers: to fail at start, and for health checks. */
  ready(): Promise<void>
  /**
   * Waits for everything under way and closes what the store opened itself (a path, a URL) and the stores it was
   * built of; never a client or database of the caller's. Every other call made after it is a
   * {@link StoreClosedError}; a second `close()` gives what the first gave.
   */
  close(): Promise<void>
}
