import type { JsonValue, Properties } from '@context-store/core'

/**
 * Adds the methods of the platform's map to an object of properties, unless it has a property of that name. They are
 * not enumerable, so that the object is still equal to a plain one.
 */
export function asMap(properties: Properties): Properties {
  const keys = (): string[] => Object.keys(properties)
  // Not `hasOwn`: the methods are own members too.
  const has = (name: unknown): boolean => Object.prototype.propertyIsEnumerable.call(properties, String(name))
  const valueIn = (name: unknown): JsonValue => (has(name) ? properties[String(name)] : undefined) ?? null
  const methods = {
    get: valueIn,
    containsKey: has,
    keySet: keys,
    values: () => keys().map(valueIn),
    entrySet: () => keys().map((key) => ({ getKey: () => key, getValue: () => valueIn(key) })),
    size: () => keys().length,
    isEmpty: () => keys().length === 0,
  }
  for (const [name, value] of Object.entries(methods)) {
    if (!Object.hasOwn(properties, name))
      Object.defineProperty(properties, name, { value, writable: true, configurable: true })
  }
  return properties
}
