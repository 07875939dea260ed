/** The function that each of our wrappers wraps. */
const wrapped = new WeakMap<object, unknown>()

/** A value without our wrappers. */
function bare(value: unknown): unknown {
  let inner = value
  while (typeof inner === 'function' && wrapped.has(inner)) inner = wrapped.get(inner)
  return inner
}

/**
 * Wraps a function that is a member of an object, until the returned function is called. Other libraries may do the same
 * and end in any order. A library restores what it found when it started: perhaps a wrapper of ours that has ended, or a
 * function from before our patch. So the member becomes an accessor. While our patch is active, a value that others
 * assign goes below our wrapper; afterwards it is used without our wrappers.
 */
export function patchMember(owner: object, name: string, wrap: (inner: unknown) => object): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  if (before === undefined) return () => undefined
  const original = bare(Reflect.get(owner, name))
  let inner = original
  let isEnded = false
  let ours = over(original)

  function over(value: unknown): object {
    const wrapper = wrap(value)
    wrapped.set(wrapper, value)
    return wrapper
  }
  function restore(): void {
    Object.defineProperty(owner, name, before ?? {})
  }
  const accessor: PropertyDescriptor = {
    configurable: true,
    enumerable: before.enumerable ?? true,
    get: () => {
      // A library that ended after us restored the original.
      if (isEnded && inner === original) restore()
      return isEnded ? inner : ours
    },
    set: (value: unknown) => {
      inner = bare(value)
      if (!isEnded) ours = over(inner)
      else if (inner === original) restore()
    },
  }
  const apply = (): void => {
    Object.defineProperty(owner, name, accessor)
  }
  const isInPlace = (): boolean => Object.getOwnPropertyDescriptor(owner, name)?.get === accessor.get
  /** Defines the accessor again after another library replaced it. */
  const reapply = (): void => {
    const value: unknown = Reflect.get(owner, name)
    apply()
    Reflect.set(owner, name, value)
  }
  apply()
  const unwatch = owner === globalThis ? watchFetchInterceptors(started) : () => undefined
  function started(): () => void {
    const below = inner
    if (!isInPlace()) reapply()
    const theirs = inner
    return () => {
      if (!isInPlace()) {
        if (!isEnded) reapply()
      } else if (inner === theirs) Reflect.set(owner, name, below)
    }
  }
  return () => {
    isEnded = true
    unwatch()
    if (isInPlace() && inner === original) restore()
  }
}

const fetchInterceptor = Symbol.for('fetch-interceptor')

/**
 * Watches the interceptor of `fetch` that MSW and nock use. It replaces the property when it starts, and restores the one
 * that it found when it ends. After the first it sets a global with this symbol, before the second it deletes it. Calls
 * `started` for each interceptor that has patched `fetch`, including one that is already active, and the function that
 * `started` returned when it has restored `fetch`. Ends when the returned function is called.
 */
function watchFetchInterceptors(started: () => () => void): () => void {
  let isEnded = false
  let running: unknown = Reflect.get(globalThis, fetchInterceptor)
  const accessor = {
    configurable: true,
    get: (): unknown => running,
    set: (value: unknown): void => {
      running = value
      follow()
    },
  }
  const watch = (): void => {
    Object.defineProperty(globalThis, fetchInterceptor, accessor)
  }
  function follow(): void {
    if (typeof running !== 'object' || running === null || !('subscriptions' in running)) return
    if (!Array.isArray(running.subscriptions)) return
    const ended = started()
    running.subscriptions.push(() => {
      ended()
      running = undefined
      if (!isEnded) watch()
    })
  }
  watch()
  follow()
  return () => {
    isEnded = true
    if (Object.getOwnPropertyDescriptor(globalThis, fetchInterceptor)?.get !== accessor.get) return
    Reflect.deleteProperty(globalThis, fetchInterceptor)
    if (running !== undefined) Reflect.set(globalThis, fetchInterceptor, running)
  }
}
