/** A session's address as adapters get it: checked, complete, and one object for as long as its handle lives. */
export interface CheckedAddress {
  /** The account. */
  readonly account: string
  /** The namespace. */
  readonly namespace: string
  /** The session. */
  readonly session: string
  /**
   * Where the adapter may keep what it derived from the address (an encoded key, a row's id), so that a kept
   * handle pays for it once. It is a hint: check it at each use, and drop what a transaction learned when that
   * transaction does not commit. Starts as `undefined`.
   */
  memo: unknown
}
