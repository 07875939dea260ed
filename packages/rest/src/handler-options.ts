import type { Keys } from './keys.ts'

/**
 * Which of the vendor's pages the service follows: `2019`, its page of that year, or `service`, its newer pages and its
 * client.
 */
export type Profile = '2019' | 'service'

/** The options of `createHandler`. */
export interface HandlerOptions {
  /** Which of the vendor's pages to follow, default `2019`. It sets the defaults of the next five options. */
  readonly profile?: Profile | undefined
  /** Whether reading one property returns its bare value, not an object such as `{"d":1000}`: `true` in `service`. */
  readonly bareValues?: boolean | undefined
  /**
   * Whether a bare value that is a string is sent as plain text, not as JSON: `true` in `service`. It has no effect
   * without `bareValues`.
   */
  readonly bareStrings?: boolean | undefined
  /**
   * Whether creating a namespace called `consumer`, `operational`, `conversation`, `faas`, `custom` or `sde` is a
   * 400: `true` in `service`. If it exists, it is served.
   */
  readonly reservedNames?: boolean | undefined
  /**
   * Whether a write creates its namespace if missing: `true` in both profiles. If `false`, such a write is a 404. The
   * handler then reads before it writes; a store with `namespaces: 'explicit'` does both in one step.
   */
  readonly createOnPatch?: boolean | undefined
  /** The name of the field with a session's properties in `session-properties`: `property` in both profiles. */
  readonly propertiesField?: 'property' | 'properties' | undefined
  /**
   * The API keys, which are also the tokens of v2. A string: the key of every account. An object: the key of each
   * account; an account without an entry accepts no key. A key ring from `createKeys`: keys that can change.
   * Default: any non-empty key.
   */
  readonly keys?: Keys | undefined
  /** The origin whose pages may call the service from a browser, or `*` for any. Default: none. */
  readonly cors?: string | undefined
}

/** The names of the {@link HandlerOptions}, which every server and double takes. */
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
