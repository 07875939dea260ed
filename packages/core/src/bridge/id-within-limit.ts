/** The part of Web Crypto that is used here; Node, Deno, Bun and workers have it as a global. */
declare const crypto: {
  readonly subtle: { digest(algorithm: string, data: Uint8Array): Promise<ArrayBuffer> }
}

/** As core's limit for an account, a namespace or a session id; a store may be given a lower one. */
const longest = 512

/** What a hashed id looks like. */
const hashed = /^#\d+:[0-9a-f]{64}$/

/**
 * An id that every store takes, for ids that a runtime makes: the id itself, or for one that is too long (over 512 UTF-16
 * units), empty, or not well-formed, `#<length>:<SHA-256 of its UTF-16 units>`. Different ids stay different: one that looks
 * like such a hash is hashed too.
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
