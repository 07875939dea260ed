import { setTimeout as delay } from 'node:timers/promises'

/**
 * Calls `ask` until it returns neither `undefined` nor an error, and returns the result. Used for states that a server does not
 * report by itself. After `withinMs` it throws, with the last error as the cause.
 */
export async function polled<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  withinMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  let cause: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`${what}: not reached within ${withinMs} ms`, { cause })
    await delay(20)
  }
}
