import type { Namespace, Properties } from '@context-store/core'
import {
  checkedOptions,
  checkTtlSeconds,
  idWithinLimit,
  storableJson,
  WholeObjects,
} from '@context-store/core/bridge'
import session, { type Session, type SessionData } from 'express-session'

/** Options of {@link ExpressSessions}. */
export interface ExpressSessionsOptions {
  /**
   * How long a session lives after its last request if its cookie has no expiry, in whole seconds; 0: it never expires. Default: 86,400,
   * a day.
   */
  readonly ttlSeconds?: number | undefined
}

/** The request type of the Express version that express-session's types use. */
type RequestOf = Parameters<session.Store['createSession']>[0]

/** A callback of express-session: called with the error, or with `null` and the result. */
export type Callback<T> = (error?: unknown, result?: T) => void

/**
 * A session store for express-session over a namespace of a context store. Each express-session id is a session of the namespace.
 *
 * A request writes the top-level properties of `req.session` that it changed, so requests that overlap, in one process or in several, are
 * merged. A session that was destroyed or has expired meanwhile does not come back: what a late request writes is dropped. A session
 * lives as long as its cookie.
 *
 * Every method takes a callback, or returns a promise. Errors are the store's (see `Session` of core), or a `TypeError` if
 * `JSON.stringify` refuses the data. It emits neither `disconnect` nor `connect`: after `disconnect`, express-session answers requests
 * without a session, while the application can handle an error.
 *
 * @see {@link https://github.com/expressjs/session#session-store-implementation} for express-session's side
 *
 * @example
 * ```ts
 * app.use(session({ store: new ExpressSessions(store.account('shop').namespace('web')), secret, resave: false, saveUninitialized: false }))
 * ```
 */
export class ExpressSessions extends session.Store {
  readonly #namespace: Namespace
  readonly #ttlSeconds: number
  readonly #objects = new WholeObjects()

  /**
   * @param namespace - where the sessions are kept. Keep nothing else there, because `clear` ends all its sessions. Close its store
   *   yourself
   * @throws `InvalidOptionError` if an option is unknown, or the time to live is not a whole number from 0 to 10^10
   */
  constructor(namespace: Namespace, options?: ExpressSessionsOptions) {
    super()
    const { ttlSeconds } = checkedOptions(options, ['ttlSeconds'], 'ExpressSessions')
    this.#namespace = namespace
    this.#ttlSeconds = checkTtlSeconds(ttlSeconds) ?? 86_400
  }

  /** Reads a session; `undefined` if it does not exist. */
  override get(sid: string): Promise<SessionData | undefined>
  override get(sid: string, callback: Callback<SessionData | undefined>): void
  override get(
    sid: string,
    callback?: Callback<SessionData | undefined>,
  ): Promise<SessionData | undefined> | undefined {
    return answer(this.#get(sid), callback)
  }

  /** Writes what a request changed in a session; writes nothing if the session has ended since the request read it. */
  override set(sid: string, data: SessionData): Promise<void>
  override set(sid: string, data: SessionData, callback: Callback<void>): void
  override set(sid: string, data: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#set(sid, data), callback)
  }

  /** Restarts the time to live of a session, and stores its cookie; does nothing if the session has ended. */
  override touch(sid: string, data: SessionData): Promise<void>
  override touch(sid: string, data: SessionData, callback: Callback<void>): void
  override touch(sid: string, data: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#touch(sid, data), callback)
  }

  /** Ends a session; a missing session is not an error. */
  override destroy(sid: string): Promise<void>
  override destroy(sid: string, callback: Callback<void>): void
  override destroy(sid: string, callback?: Callback<void>): Promise<void> | undefined {
    const destroyed = this.#destroy(sid)
    // `req.session.destroy()` without a callback ignores the promise, so its rejection must not end the process.
    destroyed.catch(() => {})
    return answer(destroyed, callback)
  }

  /** Reads all sessions into one object, by their ids. */
  override all(): Promise<{ [sid: string]: SessionData }>
  override all(callback: Callback<{ [sid: string]: SessionData }>): void
  override all(
    callback?: Callback<{ [sid: string]: SessionData }>,
  ): Promise<{ [sid: string]: SessionData }> | undefined {
    return answer(this.#all(), callback)
  }

  /** Counts the sessions. Reads the id and the cookie of each. */
  override length(): Promise<number>
  override length(callback: Callback<number>): void
  override length(callback?: Callback<number>): Promise<number> | undefined {
    return answer(this.#length(), callback)
  }

  /** Ends all sessions of the namespace, not atomically; the namespace itself and its time to live remain. */
  override clear(): Promise<void>
  override clear(callback: Callback<void>): void
  override clear(callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#clear(), callback)
  }

  /** Creates `req.session` from what `get` read; called by express-session. */
  override createSession(req: RequestOf, data: SessionData): Session & SessionData {
    const created = super.createSession(req, data)
    this.#objects.copied(data, created)
    return created
  }

  async #get(sid: string): Promise<SessionData | undefined> {
    const data = await this.#objects.read(await this.#session(sid))
    return this.#isLiving(data) ? data : undefined
  }

  async #set(sid: string, data: SessionData): Promise<void> {
    const ttlSeconds = this.#ttlOf(data)
    if (ttlSeconds === undefined) return this.#destroy(sid)
    await this.#objects.write(await this.#session(sid), data, { ttlSeconds })
  }

  async #touch(sid: string, data: SessionData): Promise<void> {
    const ttlSeconds = this.#ttlOf(data)
    if (ttlSeconds === undefined) return this.#destroy(sid)
    const cookie = storableJson(data.cookie)
    const also = cookie === undefined ? undefined : { cookie }
    await this.#objects.touch(await this.#session(sid), data, ttlSeconds, also)
  }

  async #destroy(sid: string): Promise<void> {
    await this.#objects.delete(await this.#session(sid))
  }

  async #all(): Promise<{ [sid: string]: SessionData }> {
    const entries: [sid: string, data: SessionData][] = []
    for await (const { id, properties } of this.#namespace.sessions({ properties: true })) {
      const data = this.#objects.valueOf(properties)
      if (this.#isLiving(data)) entries.push([id, data])
    }
    return Object.fromEntries(entries)
  }

  async #length(): Promise<number> {
    let count = 0
    for await (const { properties } of this.#namespace.sessions({ properties: ['cookie'] })) {
      if (this.#isLiving(properties)) count++
    }
    return count
  }

  async #clear(): Promise<void> {
    let cursor: string | undefined
    do {
      const page = await this.#namespace.listSessions({ limit: 1000, cursor })
      await Promise.all(page.items.map(({ id }) => this.#namespace.session(id).clear()))
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  async #session(sid: string): Promise<ReturnType<Namespace<Properties>['session']>> {
    return this.#namespace.session(await idWithinLimit(sid))
  }

  /** Whether a session's cookie has not expired: the store's time to live, in whole seconds, may end up to a second later. */
  #isLiving(data: unknown): data is SessionData {
    return typeof data === 'object' && data !== null && this.#ttlOf(data) !== undefined
  }

  /** The seconds until the cookie expires, rounded up; `undefined` if it has expired. */
  #ttlOf({ cookie }: Partial<SessionData>): number | undefined {
    const end: unknown = cookie?.expires
    if (!(end instanceof Date || typeof end === 'string')) return this.#ttlSeconds
    const seconds = Math.ceil((new Date(end).getTime() - Date.now()) / 1000)
    return seconds > 0 ? Math.min(seconds, 10_000_000_000) : undefined
  }
}

/** Calls the callback outside of the promise, so that what it throws is an uncaught exception; without one, returns the promise. */
function answer<T>(outcome: Promise<T>, callback: Callback<T> | undefined): Promise<T> | undefined {
  if (callback === undefined) return outcome
  outcome.then(
    (result) => process.nextTick(callback, null, result),
    (error: unknown) => process.nextTick(callback, error),
  )
  return undefined
}
