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
   * How long a session lives after its last request, where its cookie states no end: whole seconds, 0 for ever. Left out: a day,
   * 86,400.
   */
  readonly ttlSeconds?: number | undefined
}

/** The request of the Express that express-session's types are made for. */
type RequestOf = Parameters<session.Store['createSession']>[0]

/** A callback of express-session: it gets the error, or `null` and the result. */
export type Callback<T> = (error?: unknown, result?: T) => void

/**
 * A store of express-session over a namespace of a context store. Each session is a session of the namespace, under its id.
 *
 * A request writes the top-level properties of `req.session` that it changed: two requests that overlap, in one process or in several, are
 * merged. A session that was destroyed or has expired meanwhile stays so: what a late request writes is dropped. A session lives as long
 * as its cookie, from the last request on.
 *
 * Every method takes a callback, as express-session gives it, or else returns a promise. Errors are the store's (see `Session` of core); and a
 * `TypeError` for what `JSON.stringify` refuses. It emits neither `disconnect` nor `connect`: express-session answers requests without
 * a session after `disconnect`, where with an error the application can decide.
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
   * @param namespace - where the sessions are kept, and nothing else, for `clear` ends all that is in it; who opened its store closes it
   * @throws `InvalidOptionError` for an option that there is not, or a time to live that is no whole number of seconds from 0 to 10^10
   */
  constructor(namespace: Namespace, options?: ExpressSessionsOptions) {
    super()
    const { ttlSeconds } = checkedOptions(options, ['ttlSeconds'], 'ExpressSessions')
    this.#namespace = namespace
    this.#ttlSeconds = checkTtlSeconds(ttlSeconds) ?? 86_400
  }

  /** Reads a session; `undefined` if there is none. */
  override get(sid: string): Promise<SessionData | undefined>
  override get(sid: string, callback: Callback<SessionData | undefined>): void
  override get(
    sid: string,
    callback?: Callback<SessionData | undefined>,
  ): Promise<SessionData | undefined> | undefined {
    return answer(this.#get(sid), callback)
  }

  /** Writes what a request has changed in a session; nothing if the session has ended since the request read it. */
  override set(sid: string, data: SessionData): Promise<void>
  override set(sid: string, data: SessionData, callback: Callback<void>): void
  override set(sid: string, data: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#set(sid, data), callback)
  }

  /** Restarts the time to live of a session, and stores its cookie; nothing if the session has ended. */
  override touch(sid: string, data: SessionData): Promise<void>
  override touch(sid: string, data: SessionData, callback: Callback<void>): void
  override touch(sid: string, data: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#touch(sid, data), callback)
  }

  /** Ends a session; if there is none, that is no error. */
  override destroy(sid: string): Promise<void>
  override destroy(sid: string, callback: Callback<void>): void
  override destroy(sid: string, callback?: Callback<void>): Promise<void> | undefined {
    const destroyed = this.#destroy(sid)
    // `req.session.destroy()` without a callback drops the promise; its rejection must not end the process.
    destroyed.catch(() => {})
    return answer(destroyed, callback)
  }

  /** Reads all sessions, by their ids. It takes as much memory as they do. */
  override all(): Promise<{ [sid: string]: SessionData }>
  override all(callback: Callback<{ [sid: string]: SessionData }>): void
  override all(
    callback?: Callback<{ [sid: string]: SessionData }>,
  ): Promise<{ [sid: string]: SessionData }> | undefined {
    return answer(this.#all(), callback)
  }

  /** Counts the sessions: reads the names of all. */
  override length(): Promise<number>
  override length(callback: Callback<number>): void
  override length(callback?: Callback<number>): Promise<number> | undefined {
    return answer(this.#length(), callback)
  }

  /** Ends all sessions of the namespace, some at a time; the namespace itself and its time to live remain. */
  override clear(): Promise<void>
  override clear(callback: Callback<void>): void
  override clear(callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#clear(), callback)
  }

  /** Makes the `req.session` of what `get` has read; called by express-session. */
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

  /** A time to live is whole seconds, while a cookie ends at a millisecond. */
  #isLiving(data: unknown): data is SessionData {
    return typeof data === 'object' && data !== null && this.#ttlOf(data) !== undefined
  }

  /** The seconds until the cookie ends, rounded up; `undefined` if it has ended. */
  #ttlOf({ cookie }: Partial<SessionData>): number | undefined {
    const end: unknown = cookie?.expires
    if (!(end instanceof Date || typeof end === 'string')) return this.#ttlSeconds
    const seconds = Math.ceil((new Date(end).getTime() - Date.now()) / 1000)
    return seconds > 0 ? Math.min(seconds, 10_000_000_000) : undefined
  }
}

/** Gives the outcome to the callback, outside of any promise, so that what it throws is thrown as from any other; or else as a promise. */
function answer<T>(outcome: Promise<T>, callback: Callback<T> | undefined): Promise<T> | undefined {
  if (callback === undefined) return outcome
  outcome.then(
    (result) => process.nextTick(callback, null, result),
    (error: unknown) => process.nextTick(callback, error),
  )
  return undefined
}
