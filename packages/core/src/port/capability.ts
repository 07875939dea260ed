/**
 * What an engine may be unable to do. Everything else is required of every adapter.
 *
 * - `accounts`: list the accounts
 * - `batch`: several writes to sessions of one store, atomically; core sets it for an adapter without `batch()`
 * - `clock`: follow the option `now`
 * - `conditions`: `patchIf`, `update` and `clearIf`
 * - `explicit-namespaces`: the option `namespaces: 'explicit'`
 * - `limits`: the option `limits`
 * - `path-names`: names that a URL path cannot carry: `.`, `..`, the empty property name, and a session named
 *   `properties` (docs/rest-contract.md, "Paths")
 * - `removals`: `absent` in a patch
 * - `session-info`: the `createdAt` and `expiresAt` of one session
 * - `session-listing`: list sessions with their `createdAt`
 * - `time-to-live`: `ttlSeconds` of a patch and of a namespace
 */
export type Capability = (typeof capabilities)[number]

/** Every {@link Capability}. */
export const capabilities = [
  'accounts',
  'batch',
  'clock',
  'conditions',
  'explicit-namespaces',
  'limits',
  'path-names',
  'removals',
  'session-info',
  'session-listing',
  'time-to-live',
] as const

/** What an engine cannot do. Each value is the reason, which is the error message that users see. */
export type Cannot = { readonly [C in Capability]?: string | undefined }
