/** The options of `serve`; `undefined` stands for the default of the store or the service. */
export interface ServeCommandOptions {
  readonly port: number
  readonly host: string
  /** The SQLite file; `undefined` for a store in memory. */
  readonly file: string | undefined
  /** The key of every account, or the key of each. */
  readonly keys: string | { readonly [account: string]: string } | undefined
  readonly profile: string | undefined
  readonly cors: string | undefined
  readonly namespaces: string | undefined
  /** The file whose data is merged before serving. */
  readonly seed: string | undefined
  /** The file that all data is written to at exit. */
  readonly exportOnExit: string | undefined
  /** Whether the service is a test double, which tests control over HTTP. */
  readonly control: boolean
  /** Whether to print one JSON object per line instead of text. */
  readonly json: boolean
  /** Whether to print a line for each request. */
  readonly log: boolean
}

/** Which store, and how to reach it. */
export interface StoreTarget {
  /** A SQLite file, the URL of a Redis server, or the URL of a service. */
  readonly store: string
  /** The API key, for a service. */
  readonly key: string
}

/** What a command works on. Without a session, `get` and `set` use `__default__`, and `rm` deletes the namespace. */
export interface DataAddress {
  readonly account: string
  readonly namespace: string
  readonly session: string | undefined
}

/** A parsed command line. */
export type Command =
  | { readonly name: 'print'; readonly text: string }
  | { readonly name: 'serve'; readonly options: ServeCommandOptions }
  | {
      readonly name: 'get'
      readonly target: StoreTarget
      readonly address: DataAddress
      readonly properties: readonly string[] | undefined
      /** Whether to print only the value of the one property, a string without quotes. */
      readonly raw: boolean
    }
  | {
      readonly name: 'set'
      readonly target: StoreTarget
      readonly address: DataAddress
      /** The properties to merge; `undefined` if they are JSON on stdin. */
      readonly properties: { readonly [name: string]: unknown } | undefined
      readonly ttlSeconds: number | undefined
    }
  | {
      readonly name: 'rm'
      readonly target: StoreTarget
      readonly address: DataAddress
      readonly properties: readonly string[] | undefined
    }
  | {
      readonly name: 'ls' | 'export'
      readonly target: StoreTarget
      readonly account: string | undefined
      readonly namespace: string | undefined
    }
  | { readonly name: 'import'; readonly target: StoreTarget; readonly file: string | undefined }

/** An invalid command line. The message is one line that says what is wrong; without a command, it is the help. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  constructor(reason: string, { isWhole = false }: { readonly isWhole?: boolean } = {}) {
    super(isWhole ? reason : `context-store: ${reason} (see context-store --help)`)
  }
}
