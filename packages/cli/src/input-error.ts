/** A file, a line or a store that cannot be used. The message says which one, and why. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** `get` found no session or property. */
export class NotThereError extends InputError {}

/** Parses JSON. The error names the source of the text, and does not quote it. */
export function jsonFrom(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InputError(`${where}: invalid JSON`)
  }
}

/** Whether a value is an object and not an array. */
export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
