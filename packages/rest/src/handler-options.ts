import type { Keys } from './keys.ts'

/**
 * Which of the vendor's pages the service follows: `2019`, the page that this project was made from, or `service`,
 * the vendor's newer pages and its own client.
 */
export type Profile = '2019' | 'service'

/** How `createHandler` serves. */
export interface HandlerOptions {
  /** Which of the vendor's pages to follow, default `2019`. The next five options are where the pages differ. */
  readonly profile?: Profile | undefined
  /** Whether one property is answered as its bare value, not as an object `{"d":1000}`: `true` in `service`. */
  readonly bareValues?: boolean | undefined
  /**
   * Whether a bare value that is a string is answered as its own text, not as JSON: `true` in `service`. It changes
   * nothing without `bareValues`.
   */
  readonly bareStrings?: boolean | undefined
  /**
   * Whether creating a namespace called `consumer`, `operational`, `conversation`, `faas`, `custom` or `sde` is a
   * 400: `true` in `service`. One that exists is served.
   */
  readonly reservedNames?: boolean | undefined
  /**
   * Whether a write creates its namespace, `true` in both profiles; otherwise it is a 404 in a namespace that nobody
   * created. The handler reads before it writes; a store with `namespaces: 'explicit'` does both in one step.
   */
  readonly createOnPatch?: boolean | undefined
  /** What `session-properties` calls a session's properties: `property` in both profiles, or `properties`. */
  readonly propertiesField?: 'property' | 'properties' | undefined
  /**
   * The API keys, which are the tokens of v2 too. A string: the key of every account. An object: the key of each
   * account; an account without an entry accepts none. A key ring of `createKeys`: keys that change meanwhile.
   * Default: every key but an empty one.
   */
  readonly keys?: Keys | undefined
  /** The origin whose pages may call from a browser, or `*` for any. Default: none. */
  readonly cors?: string | undefined
}

/** The names of the options that every service takes. */
export const handlerOptionNames: readonly string[] = [
  'profile',
  'bareValues',
  'bareStrings',
  'reservedNames',
  'createOnPatch',
  'propertiesField',
  'keys',
  'cors',
]
