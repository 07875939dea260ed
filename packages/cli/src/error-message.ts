/** The message of whatever was thrown; by its shape, since an error of another realm is no instance of this one's. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error)
}

/** The message of an error's cause, to append to the error's own; empty without a cause. */
export function causeOf({ cause }: { readonly cause?: unknown }): string {
  return cause === undefined ? '' : ` (${messageOf(cause)})`
}
