/** The methods that return a handle. All other calls reach the store's engine. */
const handles = ['account', 'namespace', 'session']

/** The name of a method, and its arguments. */
export type Call = readonly [name: string, ...args: unknown[]]

/** A store, or one side of it, that records the calls that reach its engine. */
export function counted<S extends object>(store: S): { store: S; calls: Call[] } {
  const calls: Call[] = []
  const watched = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, member) {
        const value: unknown = Reflect.get(target, member)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, args)
          if (handles.includes(String(member))) return watched(result as object)
          calls.push([String(member), ...args])
          return result
        }
      },
    })
  return { store: watched(store), calls }
}
