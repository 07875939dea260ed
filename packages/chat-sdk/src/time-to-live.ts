import { InvalidOptionError } from '@context-store/core'

/** A time to live in milliseconds, converted for a store, whose times to live are whole seconds. */
export interface TimeToLive {
  /** The session's time to live: whole seconds, rounded up; 0: it never expires. */
  readonly ttlSeconds: number
  /** The exact expiry (ms since 1970), if the time to live is not whole seconds. */
  readonly endsAt: number | undefined
}

/**
 * Converts a time to live. One of whole seconds, as all those of the Chat SDK itself are, is left to the store: it is exact to the
 * millisecond, by a clock that processes on different machines share (with Redis, the server's). For any other, the exact expiry is
 * decided by the clock of the process that reads; the store removes the session less than a second later, because the seconds are
 * rounded up.
 *
 * @param ttlMs - milliseconds; `undefined` and 0: it never expires
 * @param now - ms since 1970, by the clock of this process
 * @throws {@link InvalidOptionError} for a negative number and for anything that is not a number. (The store refuses more than 10^10
 *   seconds.)
 */
export function timeToLive(ttlMs: number | undefined, now: number): TimeToLive {
  if (ttlMs === undefined || ttlMs === 0) return { ttlSeconds: 0, endsAt: undefined }
  if (!(typeof ttlMs === 'number' && ttlMs > 0)) {
    throw new InvalidOptionError(`ttlMs: must be a positive number of milliseconds, not ${String(ttlMs)}`)
  }
  return { ttlSeconds: Math.ceil(ttlMs / 1000), endsAt: ttlMs % 1000 === 0 ? undefined : now + ttlMs }
}

/** Whether an exact expiry has been reached; as in the store, a value has already ended at the instant itself. */
export function hasEnded(endsAt: number | undefined, now: number): boolean {
  return endsAt !== undefined && endsAt <= now
}
