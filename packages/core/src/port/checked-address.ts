/** A session's address as adapters get it: checked, complete, and the same object for the lifetime of its handle. */
export interface CheckedAddress {
  /** The account. */
  readonly account: string
  /** The namespace. */
  readonly namespace: string
  /** The session. */
  readonly session: string
  /**
   * The adapter may cache here what it derives from the address (an encoded key, a row's id), so that a reused handle
   * computes it once. It is a hint: check it at each use, and drop what was learned in a transaction that does not
   * commit. Initially `undefined`.
   */
  memo: unknown
}
