/** The options of `serve`; `undefined`: the default of the store or the service. */
export interface ServeCommandOptions {
  readonly port: number
  readonly host: string
  /** The SQLite file; `undefined`: in memory. */
  readonly file: string | undefined
  /** The key of every account, or the key of each. */
  readonly keys: string | { readonly [account: string]: string } | undefined
  readonly profile: string | undefined
  readonly cors: string | undefined
  readonly namespaces: string | undefined
  /** The file whose data is merged at the start. */
  readonly seed: string | undefined
  /** The file that all data is written to at exit. */
  readonly exportOnExit: string | undefined
  /** Whether the service is a double, which tests control over HTTP. */
  readonly control: boolean
  /** Whether the output is one JSON object a line, not text. */
  readonly json: boolean
  /** Whether a line is printed for each request. */
  readonly log: boolean
}

/** Which store, and how to reach it. */
export interface StoreTarget {
  /** A SQLite file, the URL of a Redis, or the URL of a service. */
  readonly store: string
  /** For a service: the API key. */
  readonly key: string
}

/** What a command on data is about; without a session, `__default__` or all of them. */
export interface DataAddress {
  readonly account: string
  readonly namespace: string
  readonly session: string | undefined
}

/** What the command line asks for. */
export type Command =
  | { readonly name: 'print'; readonly text: string }
  | { readonly name: 'serve'; readonly options: ServeCommandOptions }
  | {
      readonly name: 'get'
      readonly target: StoreTarget
      readonly address: DataAddress
      readonly properties: readonly string[] | undefined
      /** Whether the one property is printed as it is: a text without its quotes. */
      readonly raw: boolean
    }
  | {
      readonly name: 'set'
      readonly target: StoreTarget
      readonly address: DataAddress
      /** The properties to merge; `undefined`: JSON on stdin. */
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

/** An invalid command line; its message is one line that names what is wrong, or the list of commands where none was given. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  constructor(reason: string, { isWhole = false }: { readonly isWhole?: boolean } = {}) {
    super(isWhole ? reason : `context-store: ${reason} (see context-store --help)`)
  }
}
