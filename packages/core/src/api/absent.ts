/**
 * Means "no such property": in a condition, the property must not exist; in a patch, it is removed.
 *
 * Made with `Symbol.for`, so that two copies of core agree.
 */
export const absent: unique symbol = Symbol.for('@context-store/absent')
