/** A value as Keyv keeps it. */
export interface KeyvValue {
  /** What was set. */
  readonly value?: unknown
}

/** What the store calls of a Keyv: any instance of Keyv 5.6 or a later 5 has it. */
export interface KeyvInstance {
  /** The namespace that Keyv keeps its keys apart by. */
  readonly namespace?: string | undefined
  /** The storage adapter, or a `Map`. */
  readonly store: object
  /** Reads one value, with what Keyv keeps around it. */
  getRaw(key: string): Promise<KeyvValue | undefined>
  /** Reads several values. */
  getMany(keys: string[]): Promise<readonly unknown[]>
  /** Writes a value, for so many milliseconds; 0: for ever. */
  set(key: string, value: string, ttl: number): Promise<boolean>
  /** Removes a value. */
  delete(key: string): Promise<boolean>
  /** Adds a listener. */
  on(event: string, listener: (error: unknown) => void): unknown
  /** Removes a listener. */
  off(event: string, listener: (error: unknown) => void): unknown
}
