/**
 * "Not there": in a condition, the property must be absent; in a patch, it is removed.
 *
 * Made with `Symbol.for`, so that two copies of core agree.
 */
export const absent: unique symbol = Symbol.for('@context-store/absent')
