/**
 * A procedure of several calls to an engine, written once for synchronous and asynchronous engines: it yields what
 * the engine returned, a value or a promise, and is resumed with the value.
 */
export type Steps<T> = Generator<unknown, T, unknown>

/** Waits for one answer of the engine within a procedure. */
export function* answered<T>(answer: T | Promise<T>): Generator<unknown, T, unknown> {
  return (yield answer) as T
}

/** Runs a procedure on a synchronous engine. */
export function runSync<T>(steps: Steps<T>): T {
  let step = steps.next()
  while (step.done !== true) step = steps.next(step.value)
  return step.value
}

/**
 * Runs a procedure on an asynchronous engine.
 *
 * @param call - its `goOn()` is called before each further step; throws to abandon the procedure
 */
export async function runAsync<T>(steps: Steps<T>, call?: { goOn(): void }): Promise<T> {
  let step = steps.next()
  while (step.done !== true) {
    let value: unknown
    try {
      value = await step.value
      call?.goOn()
    } catch (error) {
      step = steps.throw(error)
      continue
    }
    step = steps.next(value)
  }
  return step.value
}
