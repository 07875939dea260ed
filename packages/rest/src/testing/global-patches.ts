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
  apply()
  // An interceptor of @mswjs/interceptors that was here before puts `fetch` back by its descriptor, over the accessor.
  onEndOfFetchInterceptor(() => {
    if (isEnded || isInPlace()) return
    const value: unknown = Reflect.get(owner, name)
    apply()
    Reflect.set(owner, name, value)
  })
  return () => {
    isEnded = true
    if (isInPlace() && inner === original) restore()
  }
}

/** Calls back when the interceptor of `fetch` that MSW or nock has in place, if any, has put back what it found. */
function onEndOfFetchInterceptor(callback: () => void): void {
  const running: unknown = Reflect.get(globalThis, Symbol.for('fetch-interceptor'))
  if (typeof running !== 'object' || running === null || !('subscriptions' in running)) return
  if (Array.isArray(running.subscriptions)) running.subscriptions.push(callback)
}
