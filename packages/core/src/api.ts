/// <reference lib="esnext.disposable" preserve="true" />
import type { absent } from './absent.ts'

/** What a property can hold: what JSON can say, to a stated depth (see {@link Limits}). */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }

/** The properties of a session: names and JSON values. */
export type Properties = { [name: string]: JsonValue }

/**
 * A change of properties: a value is written, {@link absent} removes, `undefined` or left out stays.
 *
 * Top level only: a nested object is replaced whole, never merged. `null` is a value.
 */
export type Patch<P extends object = Properties> = {
  readonly [K in keyof P]?: P[K] | typeof absent | undefined
}

/**
 * What must be there now, by deep JSON equality; {@link absent}: must not be there.
 *
 * `undefined` is refused: a forgotten variable is no condition.
 */
export type Expected<P extends object = Properties> = { readonly [K in keyof P]?: P[K] | typeof absent }

/** What became of a conditional patch: written, or refused with the named properties as they are. */
export type PatchIfResult<P extends object = Properties> =
  | {
      /** The condition held, and the patch is written. */
      readonly ok: true
    }
  | {
      /** The condition did not hold, and nothing has changed. */
      readonly ok: false
      /** The expected properties that exist, as they are. */
      readonly current: Partial<P>
    }

/** How a patch is to be written. */
export interface PatchOptions {
  /**
   * The session's own time to live from now on, until stated anew; 0: for ever, whatever the namespace says.
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
  /** When the patch that began it took effect. */
  readonly createdAt: Date
  /** The time to live in force since the last patch, its own or the namespace's; none: for ever. */
  readonly ttlSeconds?: number
  /** When the session ends unless it is patched before; none: never. */
  readonly expiresAt?: Date
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

/** How a namespace is to be created. */
export interface NamespaceOptions {
  /**
   * The time to live of its sessions that state none of their own, from their next patch on; 0: for ever.
   * Whole seconds from 0 to 10^10. Left out, an existing namespace keeps its own.
   */
  readonly ttlSeconds?: number | undefined
}

/** Which part of a listing to give. */
export interface ListOptions {
  /** The cursor of the page before; none: from the start. */
  readonly cursor?: string | undefined
  /** How many items at the most: 1 to 1000, 100 if none. */
  readonly limit?: number | undefined
}

/** A part of a listing. Without a `cursor` it was the last. */
export interface Page<T> {
  /** The items of this page, in the listing's order. */
  readonly items: readonly T[]
  /** Opaque; asks the same listing for the page after this one. */
  readonly cursor?: string
}

/**
 * A handle on one session; cheap to make, and good for as long as its store is open, whether or not the
 * session is there. Calls of one store on one session take effect in the order they were made, awaited or not.
 *
 * Every method rejects with a {@link ContextStoreError}: `closed` after `close()`, `unavailable` where the
 * engine does not answer, `corrupt` where it answers with what no store of this kind wrote, and, with
 * `namespaces: 'explicit'`, `namespace-not-found` for a patch or a read in an unknown namespace.
 */
export interface Session<P extends object = Properties> {
  /** Where this session is, with the session's name filled in. */
  readonly address: Required<SessionAddress>
  /**
   * Reads one property.
   *
   * @returns a copy of the value, or `undefined` where there is none
   * @throws {@link InvalidAddressError} for a name that cannot be
   */
  get<K extends keyof P & string>(name: K): Promise<P[K] | undefined>
  /**
   * Reads several properties at one instant.
   *
   * @returns a plain object with those that exist
   * @throws {@link InvalidAddressError} for a name that cannot be
   */
  getMany<K extends keyof P & string>(names: readonly K[]): Promise<Partial<Pick<P, K>>>
  /** Reads every property at one instant; `{}` where there is no such session. */
  getAll(): Promise<Partial<P>>
  /**
   * Merges `properties` into the session, atomically; creates what is missing.
   *
   * Top level only: a named property is replaced whole, one left out stays. `null` is a value, {@link absent}
   * removes, `undefined` leaves alone. All or nothing. The session's time to live starts again, after an empty
   * patch too. A session that is left without a property ends, unless this patch states a time to live above 0.
   *
   * @throws {@link InvalidValueError} naming the path of a value that JSON would lose
   * @throws {@link TooLargeError} where the session would pass a limit
   * @example
   * ```ts
   * await session.patch({ step: 2, draft: absent }, { ttlSeconds: 3600 })
   * ```
   */
  patch(properties: Patch<P>, options?: PatchOptions): Promise<void>
  /**
   * Merges `properties` as {@link Session.patch} does, if each property that `expected` names is as it says;
   * decided and written in one atom of the engine. Otherwise nothing has changed.
   *
   * @returns `{ ok: true }`, or `{ ok: false, current }` with the expected properties as they are
   * @throws {@link InvalidValueError} for an `undefined` in `expected`, and as {@link Session.patch} does
   * @example
   * ```ts
   * const claim = await session.patchIf({ owner: absent }, { owner: me })
   * ```
   */
  patchIf(expected: Expected<P>, properties: Patch<P>, options?: PatchOptions): Promise<PatchIfResult<P>>
  /**
   * Reads `names`, asks `change` what to write, and writes it if none of them changed meanwhile; else again.
   * Later calls of this store on this session take effect after it.
   *
   * @param names - what `change` sees, and what must stay as it was
   * @param change - synchronous; may be called again; `undefined`: write nothing
   * @returns the named properties as they are afterwards
   * @throws {@link ConflictError} after 128 lost races; and whatever `change` throws
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
  /** Removes properties, all at once; what is not there is no error. The time to live runs on. */
  delete(names: (keyof P & string) | readonly (keyof P & string)[]): Promise<void>
  /** Removes every property: the session is gone, with its own time to live. */
  clear(): Promise<void>
  /** What is known of the session; `undefined` where there is none. */
  info(): Promise<SessionInfo | undefined>
}

/** A handle on one namespace of an account; {@link Session} tells which errors every method may reject with. */
export interface Namespace<P extends object = Properties> {
  /** The namespace's name. */
  readonly name: string
  /**
   * A handle on a session of this namespace; without an id: `__default__`. Touches nothing.
   *
   * @throws {@link InvalidAddressError} for an id that cannot be
   */
  session(id?: string): Session<P>
  /**
   * Creates the namespace. One that exists keeps its `createdAt` and takes a stated time to live.
   *
   * @throws {@link InvalidOptionError} for a time to live that cannot be
   */
  create(options?: NamespaceOptions): Promise<void>
  /** Deletes the namespace with all its sessions; what is not there is no error. */
  delete(): Promise<void>
  /** What is known of the namespace; `undefined` where there is none. */
  info(): Promise<NamespaceInfo | undefined>
  /**
   * Lists the sessions, a page at a time. What stays while you iterate shows once; what comes or goes meanwhile
   * may or may not show, and nothing shows twice.
   */
  sessions(): AsyncIterable<SessionInfo>
  /**
   * One page of {@link Namespace.sessions}.
   *
   * @throws {@link InvalidOptionError} for a limit outside 1 to 1000, or a cursor that this listing did not give
   */
  listSessions(options?: ListOptions): Promise<Page<SessionInfo>>
}

/** A handle on one account: nothing of another account can be reached through it. */
export interface Account {
  /** The account's id. */
  readonly id: string
  /**
   * A handle on a namespace. Touches nothing. `P` is the caller's word; that values are JSON is checked.
   *
   * @throws {@link InvalidAddressError} for a name that cannot be
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
   * @throws {@link InvalidAddressError} for an id that cannot be
   */
  account(id: string): Account
  /**
   * A handle on a session by its whole address, for whoever routes addresses.
   *
   * @throws {@link InvalidAddressError} for an address that cannot be
   */
  session<P extends object = Properties>(address: SessionAddress): Session<P>
  /** Lists the accounts that have a namespace, under the rules of {@link Namespace.sessions}. */
  accounts(): AsyncIterable<string>
  /** Resolves when the engine answers: to fail at start, and for health checks. */
  ready(): Promise<void>
  /**
   * Waits for what is under way and closes what the store opened itself (a path, a URL) and the stores it was
   * built of; never a client or database of the caller's. From the call on, every other one is a
   * {@link StoreClosedError}; a second `close()` resolves.
   */
  close(): Promise<void>
}
