/** A file or a line that cannot be used; its message says which, where and why. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** Reads JSON; the error says where it comes from, and quotes nothing of it. */
export function jsonFrom(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InputError(`${where}: this is not JSON`)
  }
}

/** Whether a value is an object of members. */
export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
