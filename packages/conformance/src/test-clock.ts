/** A clock that tests move. Times are milliseconds since 1970. */
export interface TestClock {
  /** Returns the current time. */
  now(): number
  /** Sets the time, forward or back. */
  set(time: number): void
}

/** A clock that stands still until it is moved. */
export function standingClock(start: number = Date.UTC(2026, 0, 1, 12)): TestClock {
  let time = start
  return {
    now: () => time,
    set: (to) => {
      time = to
    },
  }
}

/** Moves a clock forward. */
export function advance(clock: TestClock, seconds: number): void {
  clock.set(clock.now() + Math.round(seconds * 1000))
}
