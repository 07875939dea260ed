/** A value in the form in which Keyv stores it. */
export interface KeyvValue {
  /** The value that was set. */
  readonly value?: unknown
}

/** The members of a Keyv that the store uses; every instance of Keyv 5.6 or a later 5 has them. */
export interface KeyvInstance {
  /** The namespace that separates the keys of this Keyv from those of others. */
  readonly namespace?: string | undefined
  /** The storage adapter, or a `Map`. */
  readonly store: object
  /** Reads one value, in the form in which Keyv stores it. */
  getRaw(key: string): Promise<KeyvValue | undefined>
  /** Reads several values. */
  getMany(keys: string[]): Promise<readonly unknown[]>
  /** Writes a value that expires after `ttl` milliseconds; 0: never. */
  set(key: string, value: string, ttl: number): Promise<boolean>
  /** Removes a value. */
  delete(key: string): Promise<boolean>
  /** Adds a listener. */
  on(event: string, listener: (error: unknown) => void): unknown
  /** Removes a listener. */
  off(event: string, listener: (error: unknown) => void): unknown
}
