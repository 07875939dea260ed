/**
 * Sets a property on a plain object, even one named `__proto__`: that one is defined, since assigning it would change
 * the object's prototype instead.
 */
export function setOwn<T>(object: { [name: string]: T }, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  } else {
    object[name] = value
  }
}
