/** Which function each of our wrappers stands before. */
const wrapped = new WeakMap<object, unknown>()

/** What a value is without wrappers of ours. */
function bare(value: unknown): unknown {
  let inner = value
  while (typeof inner === 'function' && wrapped.has(inner)) inner = wrapped.get(inner)
  return inner
}

/**
 * Puts a wrapper before the function that is a member of an object, until the returned function is called, among other
 * libraries that do the same and end in any order. A library puts back what it found when it started, be that a
 * wrapper of ours that has ended, or a function from before ours. So the member is an accessor: what others assign goes
 * below our wrapper while we are in place, and without any wrapper of ours afterwards.
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
      // Put back by a library that ended after us.
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
  /** Puts the accessor back over what another library defined in its place. */
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
 * The interceptor of `fetch` that MSW and nock stand on replaces the property, and at its end puts back the one that it
 * found. It announces itself in a global of this symbol after the first, and deletes that before the second. Calls
 * `started` for each that has patched, also for one in place already, and what that returns when it has put back what it
 * found; until the returned function is called.
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
