import { InvalidOptionError } from '@context-store/core'

/** How a session keeps a time to live that is given in milliseconds, where the store's own are whole seconds. */
export interface TimeToLive {
  /** The session's time to live: whole seconds, rounded up; 0: for ever. */
  readonly ttlSeconds: number
  /** The exact end (ms since 1970), of a time to live that is no whole number of seconds. */
  readonly endsAt: number | undefined
}

/**
 * Splits a time to live. One of whole seconds, as all those of the Chat SDK itself are, is the store's alone: it is exact to
 * the millisecond, and by a clock that the processes share where they are on different machines (that of Redis). Only the
 * fraction of another is decided by the clock of the process; rounding up lets the store end the session less than a second later.
 *
 * @param ttlMs - milliseconds; `undefined` and 0: for ever
 * @param now - ms since 1970, by the clock of this process
 * @throws {@link InvalidOptionError} for anything else that is not above 0. (The store refuses what is above 10^10 seconds.)
 */
export function timeToLive(ttlMs: number | undefined, now: number): TimeToLive {
  if (ttlMs === undefined || ttlMs === 0) return { ttlSeconds: 0, endsAt: undefined }
  if (!(typeof ttlMs === 'number' && ttlMs > 0)) {
    throw new InvalidOptionError(
      `a time to live must be a number of milliseconds above 0, not ${String(ttlMs)}`,
    )
  }
  return { ttlSeconds: Math.ceil(ttlMs / 1000), endsAt: ttlMs % 1000 === 0 ? undefined : now + ttlMs }
}

/** Whether an exact end has been reached: at the instant itself it has, as in the store. */
export function hasEnded(endsAt: number | undefined, now: number): boolean {
  return endsAt !== undefined && endsAt <= now
}
