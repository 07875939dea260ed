import type { Keys } from './keys.ts'

/**
 * Which of the vendor's pages the service follows: `2019`, the page this project was made from, or `service`,
 * what the vendor's newer pages and its own client know.
 */
export type Profile = '2019' | 'service'

/** How `createHandler` serves. */
export interface HandlerOptions {
  /** Which of the vendor's pages to follow: `2019` if none. The five options after it are where those differ. */
  readonly profile?: Profile | undefined
  /** One property is answered as its bare value: `true` in `service`; else as an object, `{"d":1000}`. */
  readonly bareValues?: boolean | undefined
  /**
   * To begin a namespace called `consumer`, `operational`, `conversation`, `faas`, `custom` or `sde` is a 400:
   * `true` in `service`. One that is there already is served.
   */
  readonly reservedNames?: boolean | undefined
  /**
   * A write into a namespace that nobody created begins it: `true` in both profiles; else it is a 404. The
   * handler looks before it writes; a store with `namespaces: 'explicit'` decides both in one step.
   */
  readonly createOnPatch?: boolean | undefined
  /** To read all or several properties of a session that is not there is a 404: `true` in `service`; else `{}`. */
  readonly missingSessions?: boolean | undefined
  /** What `session-properties` calls a session's properties: `properties` in both; a newer page has `property`. */
  readonly propertiesField?: 'properties' | 'property' | undefined
  /**
   * The keys, which are the tokens of v2 too. A string: the one that every account accepts. An object: the key
   * of each account; one without an entry accepts none. What `createKeys` makes: keys that change meanwhile. If
   * none: every key but an empty one.
   */
  readonly keys?: Keys | undefined
  /** The origin whose pages may call from a browser, `*` for any; none if none. */
  readonly cors?: string | undefined
}
