/**
 * Means "the property exists, whatever its value"; for conditions only.
 *
 * Made with `Symbol.for`, so that two copies of core agree.
 *
 * @example
 * ```ts
 * // Extends a session that exists; does not recreate one that has ended.
 * await session.patchIf({ id: present }, {}, { ttlSeconds: 3600 })
 * ```
 */
export const present: unique symbol = Symbol.for('@context-store/present')
