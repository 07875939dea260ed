/** The message of a thrown value. Not by `instanceof`, which fails for an error of another realm. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error)
}

/** The message of an error's cause in parentheses, to append to the error's message; empty without a cause. */
export function causeOf({ cause }: { readonly cause?: unknown }): string {
  return cause === undefined ? '' : ` (${messageOf(cause)})`
}
