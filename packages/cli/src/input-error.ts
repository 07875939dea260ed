/** A file or a line that cannot be used; its message says which one, where and why. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** What was asked for is not there. */
export class NotThereError extends InputError {}

/** Parses JSON; the error says where the text came from, and does not quote it. */
export function jsonFrom(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InputError(`${where}: this is not JSON`)
  }
}

/** Whether a value is an object, not an array. */
export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
