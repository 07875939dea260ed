import { ContextStoreError, type ErrorCode } from '@context-store/core'
import { difference, show } from './difference.ts'

/** Fails if `actual` is not the same value as `expected`. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const found = difference(actual, expected)
  if (found !== undefined) throw new Error(`${what}: ${found}`)
}

/** Fails if `condition` is false. */
export function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

/** Fails unless the call returns a promise that rejects with a store's error of that code. Returns the error. */
export async function refuses(
  call: () => Promise<unknown>,
  code: ErrorCode,
  what: string,
): Promise<ContextStoreError> {
  let answer: Promise<unknown>
  try {
    answer = call()
  } catch (error) {
    throw new Error(`${what}: threw ${nameOf(error)} instead of rejecting`)
  }
  let value: unknown
  try {
    value = await answer
  } catch (error) {
    return checkedError(error, code, what)
  }
  throw new Error(`${what}: returned ${show(value)}, expected an error of code '${code}'`)
}

/** Fails unless the call throws a store's error of that code, at once. */
export function throwsCode(call: () => unknown, code: ErrorCode, what: string): ContextStoreError {
  try {
    call()
  } catch (error) {
    return checkedError(error, code, what)
  }
  throw new Error(`${what}: did not throw, expected an error of code '${code}'`)
}

/** Fails unless the call throws or rejects with a store's error of that code, for calls where both are right. */
export async function fails(call: () => unknown, code: ErrorCode, what: string): Promise<ContextStoreError> {
  return refuses(async () => call(), code, what)
}

/** Every item of an iterable. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of iterable) items.push(item)
  return items
}

/** A description of an error. */
export function nameOf(error: unknown): string {
  if (ContextStoreError.is(error)) return `an error of code '${error.code}' (${error.message})`
  return isErrorLike(error) ? `${error.name}: ${error.message}` : show(error)
}

/** The message of a failed case: the kit's own message, or a description of the error. */
export function messageOf(error: unknown): string {
  return isErrorLike(error) && !('code' in error) ? error.message : nameOf(error)
}

/** Whether a value is an error; one from another realm is not an instance of this realm's `Error`. */
export function isErrorLike(error: unknown): error is Error {
  return (
    typeof error === 'object' &&
    error !== null &&
    'message' in error &&
    typeof error.message === 'string' &&
    'name' in error
  )
}

function checkedError(error: unknown, code: ErrorCode, what: string): ContextStoreError {
  if (ContextStoreError.is(error, code)) return error
  throw new Error(`${what}: failed with ${nameOf(error)}, expected an error of code '${code}'`, {
    cause: error,
  })
}
