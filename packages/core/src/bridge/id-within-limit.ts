/** The part of Web Crypto that is used here; Node, browsers, Deno, Bun and workers have it as a global. */
declare const crypto: {
  readonly subtle: { digest(algorithm: string, data: Uint8Array): Promise<ArrayBuffer> }
}

/** Core's limit for an account, a namespace or a session id; a store may have a lower one. */
const longest = 512

/** The form of a hashed id. */
const hashed = /^#\d+:[0-9a-f]{64}$/

/**
 * Converts an id that a runtime generates to one that is valid in a store with the default limits. Returns the id itself,
 * or `#<length>:<SHA-256 of its UTF-16 units>` if it is longer than 512 UTF-16 units, empty or not well-formed. Different
 * ids stay different: an id that looks like such a hash is hashed too.
 *
 * @example
 * ```ts
 * const session = namespace.session(await idWithinLimit(key))
 * ```
 */
export async function idWithinLimit(id: string): Promise<string> {
  if (id !== '' && id.length <= longest && id.isWellFormed() && !hashed.test(id)) return id
  const units = new Uint8Array(id.length * 2)
  for (let index = 0; index < id.length; index++) {
    units[index * 2] = id.charCodeAt(index) & 255
    units[index * 2 + 1] = id.charCodeAt(index) >> 8
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', units))
  return `#${id.length}:${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
