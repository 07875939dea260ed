/**
 * "There, whatever its value": in a condition only.
 *
 * Made with `Symbol.for`, so that two copies of core agree.
 *
 * @example
 * ```ts
 * // Prolongs a session that exists; does not bring back one that has ended.
 * await session.patchIf({ id: present }, {}, { ttlSeconds: 3600 })
 * ```
 */
export const present: unique symbol = Symbol.for('@context-store/present')
