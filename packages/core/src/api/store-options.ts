/** How large names, values and sessions may be. */
export interface Limits {
  /** UTF-16 units of an account, a namespace, a session id or a property name: 1 to 512, default 512. */
  readonly idLength?: number | undefined
  /** Properties in a session: 1 to 1,000,000, default 100,000. */
  readonly properties?: number | undefined
  /**
   * UTF-16 units of a session's properties as compact JSON: 2 to 100,000,000, default 800,000
   * (docs/rest-contract.md, "Limits"), less if the engine's own limit is lower.
   */
  readonly documentLength?: number | undefined
  /** How deep objects and arrays may nest in a value, the outermost counted: 1 to 500, default 100. */
  readonly depth?: number | undefined
}

/** The options that every store takes. */
export interface StoreOptions {
  /**
   * `implicit`, the default: the first patch into a namespace creates it. `explicit`: a patch or a read in a
   * namespace that does not exist is a {@link NamespaceNotFoundError}.
   */
  readonly namespaces?: 'implicit' | 'explicit' | undefined
  /** How large names, values and sessions may be. */
  readonly limits?: Limits | undefined
  /**
   * Returns the time in milliseconds since 1970; for tests that move the clock. Default: the clock that the
   * engine's clients share (Redis), otherwise `Date.now`, looked up at each call so that fake timers work.
   */
  readonly now?: (() => number) | undefined
}
