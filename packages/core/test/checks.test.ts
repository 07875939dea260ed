import {
  absent,
  type ContextStore,
  ContextStoreError,
  InvalidValueError,
  type StoreOptions,
} from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import fc from 'fast-check'
import { expect, test } from 'vitest'

// What the conformance kit does not test: hints, paths, and hostile input.

function sessionOf(options?: StoreOptions) {
  const store = memoryStore(options)
  return { store, session: store.sync.account('a').namespace('n').session('s') }
}

function refusal(value: unknown, options?: StoreOptions): ContextStoreError {
  const { store, session } = sessionOf(options)
  try {
    session.patch(value as object)
  } catch (error) {
    expect(session.getAll()).toEqual({})
    expect([...store.sync.accounts()]).toEqual([])
    if (ContextStoreError.is(error)) return error
    throw error
  }
  throw new Error('was not refused')
}

test.each([
  ['at', 'toISOString()', { at: new Date(0) }],
  ['cart.items[0].at', 'Object.fromEntries', { cart: { items: [{ at: new Map() }] } }],
  ['a', '[...set]', { a: new Set([1]) }],
  ['a.b', 'String(value)', { a: { b: 1n } }],
  ['a[1]', 'null', { a: [1, undefined] }],
  ['a[0]', 'null', { a: new Array(3) }],
  ['a["x y"]', 'null', { a: { 'x y': Number.NaN } }],
  ['a', 'function', { a: class {} }],
  ['a.b', 'toWellFormed', { a: { b: '\ud800' } }],
  ['a["\\udfff"]', 'surrogate', { a: { '\udfff': 1 } }],
  ['a', 'symbol', { a: { [Symbol('s')]: 1 } }],
  ['a', 'class', { a: new (class Cart {})() }],
  ['a', 'class', { a: new (class List extends Array {})() }],
  ['a', 'class', { a: Object.create({ inherited: 1 }) }],
  ['a', 'class', { a: new Number(1) }],
])('`patch` refuses a value at %s, with the hint %s', (path, hint, patch) => {
  const error = refusal(patch)
  expect(error).toMatchObject({ code: 'invalid-value', path })
  expect(error.message).toContain(hint)
})

test.each([[null], [undefined], ['text'], [1], [[1]], [new Map()], [absent], [new (class A {})()]])(
  '`patch` refuses an argument that is not a plain object: %s',
  (patch) => expect(refusal(patch)).toMatchObject({ code: 'invalid-value', path: '' }),
)

test('`patch` reports a cycle through objects and arrays as a cycle', () => {
  const cycle: { self?: unknown; list: unknown[] } = { list: [] }
  cycle.list.push({ back: cycle })
  expect(refusal({ round: cycle }).message).toContain('is a cycle')
  let deep: unknown = 1
  for (let depth = 0; depth < 101; depth++) deep = [deep]
  expect(refusal({ deep }).message).toContain('deeper')
})

test('`patch` refuses a value that contains another many times over as too large, without expanding it', () => {
  let value: unknown = 'x'.repeat(1000)
  for (let i = 0; i < 90; i++) value = [value, value]
  expect(refusal({ value }).code).toBe('too-large')
})

test('`patch` refuses a getter that throws and a revoked proxy', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const trap = {
    get a(): never {
      throw new Error('trap')
    },
  }
  expect(refusal(proxy)).toBeInstanceOf(InvalidValueError)
  expect(refusal({ proxy })).toBeInstanceOf(InvalidValueError)
  expect(refusal(trap)).toBeInstanceOf(InvalidValueError)
  expect(refusal({ trap }).cause).toMatchObject({ message: 'trap' })
})

test('`patch` reads a getter once', () => {
  const { session } = sessionOf()
  let reads = 0
  const value = {
    get a() {
      return reads++ === 0 ? 1 : Number.NaN
    },
  }
  session.patch({ value })
  expect(session.getAll()).toEqual({ value: { a: 1 } })
})

test('`patch` accepts objects without a prototype', () => {
  const { session } = sessionOf()
  session.patch(Object.assign(Object.create(null), { a: Object.assign(Object.create(null), { b: [1] }) }))
  expect(session.getAll()).toStrictEqual({ a: { b: [1] } })
})

test('`patch` stores what JSON.stringify would write', () => {
  const { session } = sessionOf()
  fc.assert(
    fc.property(
      fc.object({ maxDepth: 4, withNullPrototype: true, values: [fc.jsonValue(), fc.constant(undefined)] }),
      (value) => {
        let expected: unknown
        try {
          expected = JSON.parse(JSON.stringify({ value }))
        } catch {
          return
        }
        try {
          session.patch({ value: value as never })
        } catch (error) {
          // An `undefined` in an array, which JSON would silently turn into null.
          expect(error).toMatchObject({ code: 'invalid-value' })
          return
        }
        expect(JSON.parse(JSON.stringify(session.getAll()))).toEqual(expected)
      },
    ),
  )
})

test.each([
  [{ namespaces: 'maybe' }],
  [{ limits: { depth: 0 } }],
  [{ limits: { depth: 501 } }],
  [{ limits: { idLength: 513 } }],
  [{ limits: { documentLength: 1.5 } }],
  [{ limits: { properties: Number.NaN } }],
  [{ limits: { sessions: 3 } }],
  [{ now: 5 }],
])('a store refuses the options %j', (options) => {
  expect(() => memoryStore(options as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
})

test.each([
  ['depth', 1, 500],
  ['idLength', 1, 512],
  ['properties', 1, 1_000_000],
  ['documentLength', 2, 100_000_000],
] as const)('limits.%s is a whole number from %d to %d', (name, least, most) => {
  for (const limit of [least, most]) expect(memoryStore({ limits: { [name]: limit } })).toBeDefined()
  for (const limit of [least - 1, most + 1, least + 0.5, '9', null]) {
    expect(() => memoryStore({ limits: { [name]: limit } as never })).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    )
  }
})

test('a time to live is a whole number of seconds from 0 to 10^10', () => {
  const { session } = sessionOf()
  for (const ttlSeconds of [1, 1e10, 0, -0]) session.patch({ a: 1 }, { ttlSeconds })
  expect(session.info()).not.toHaveProperty('ttlSeconds')
  for (const ttlSeconds of [-1, 1e10 + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null]) {
    expect(() => session.patch({ a: 1 }, { ttlSeconds } as never)).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    )
  }
})

test('`now` may return any time that leaves `expiresAt` a valid Date; fractions of a millisecond are dropped', () => {
  for (const time of [8.63e15, -8.64e15, 12.75]) {
    const { session } = sessionOf({ now: () => time })
    session.patch({ a: 1 }, { ttlSeconds: 1e10 })
    expect(session.info()?.createdAt).toEqual(new Date(Math.floor(time)))
    expect(session.info()?.expiresAt).toEqual(new Date(Math.floor(time) + 1e13))
  }
  for (const time of [8.63e15 + 1, -8.64e15 - 1, '0', 0n, null]) {
    const { session } = sessionOf({ now: () => time as number })
    expect(() => session.patch({ a: 1 })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  }
})

test('`listSessions` returns 100 items unless `limit` says otherwise, 1 to 1000, and continues at its cursor', () => {
  const { store } = sessionOf()
  const namespace = store.sync.account('a').namespace('n')
  for (let i = 0; i < 1001; i++) namespace.session(`${i}`).patch({ a: 1 })
  expect(namespace.listSessions().items).toHaveLength(100)
  expect(namespace.listSessions({ limit: 1 }).items).toHaveLength(1)
  const { items, cursor } = namespace.listSessions({ limit: 1000 })
  expect(items).toHaveLength(1000)
  expect(namespace.listSessions({ limit: 1000, cursor })).toMatchObject({ items: [{}] })
  const other = store.sync.account('a').namespace('other')
  for (const options of [
    { limit: 0 },
    { limit: 1001 },
    { limit: 1.5 },
    { cursor: '' },
    { cursor: '.' },
    { cursor: 1 },
  ]) {
    expect(() => namespace.listSessions(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    )
  }
  expect(() => other.listSessions({ cursor })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
})

test('a call is refused if `now` does not return a time', () => {
  const { session } = sessionOf({ now: () => Number.NaN })
  expect(() => session.patch({ a: 1 })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
})

test('values at a limit are accepted, and values beyond it refused', () => {
  const { session } = sessionOf({ limits: { properties: 2, documentLength: 15, idLength: 3, depth: 1 } })
  session.patch({ a: 1, b: 2 })
  expect(() => session.patch({ c: 3 })).toThrow(expect.objectContaining({ code: 'too-large' }))
  session.patch({ c: 3, a: absent })
  session.patch({ c: 333 })
  expect(JSON.stringify(session.getAll())).toHaveLength(15)
  expect(() => session.patch({ c: 3333 })).toThrow(expect.objectContaining({ code: 'too-large' }))
  expect(() => session.patch({ b: [[]] })).toThrow(expect.objectContaining({ code: 'invalid-value' }))
  expect(() => session.get('four')).toThrow(expect.objectContaining({ code: 'invalid-address' }))
  expect(session.getAll()).toEqual({ b: 2, c: 333 })
})

test('an invalid address is refused by the call that gets it', () => {
  const { store, session } = sessionOf()
  const asynchronous: ContextStore = store
  const bad = expect.objectContaining({ code: 'invalid-address' })
  for (const id of ['', 'x'.repeat(513), '\ud800', 5, null, {}]) {
    expect(() => asynchronous.account(id as string)).toThrow(bad)
    expect(() => asynchronous.account('a').namespace(id as string)).toThrow(bad)
    expect(() =>
      asynchronous
        .account('a')
        .namespace('n')
        .session(id as string),
    ).toThrow(bad)
    expect(() => asynchronous.session({ account: 'a', namespace: id as string })).toThrow(bad)
  }
  expect(() => asynchronous.session(undefined as never)).toThrow(bad)
  // A misspelt `session` must not reach the default session.
  const misspelt = { account: 'a', namespace: 'n', sesion: 's' }
  expect(() => asynchronous.session(misspelt)).toThrow(bad)
  expect(() => store.sync.session(misspelt)).toThrow(/sesion/)
  expect(() => session.getMany('name' as never)).toThrow(bad)
  expect(() => session.delete([1] as never)).toThrow(bad)
})

test('`patch` accepts exactly `documentLength` characters, and refuses one more', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
      const patch = JSON.parse(JSON.stringify({ json, arrays: [[['x'], []], [1, 2], [[]]] }))
      const documentLength = JSON.stringify(patch).length
      const { session } = sessionOf({ limits: { documentLength } })
      session.patch(patch)
      expect(session.getAll()).toEqual(patch)
      expect(refusal(patch, { limits: { documentLength: documentLength - 1 } }).code).toBe('too-large')
    }),
  )
  const { session } = sessionOf()
  session.patch({ many: Array.from({ length: 120_000 }, () => ['x']) })
})

test('`patch` limits members that are undefined, too: they are not part of the JSON, but cost time', () => {
  const undefinedMembers = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, undefined]))
  const many = Array.from({ length: 1000 }, () => undefinedMembers)
  expect(refusal({ many })).toMatchObject({ code: 'invalid-value', path: 'many[500]' })
})

test.each([
  ['is a promise: await it', { step: Promise.resolve(1) }],
  ['is absent, which works at the top level only', { cart: { item: absent } }],
  ['is an instance of a class', { a: Object.create(Object.create(null, { inherited: { value: 1 } })) }],
])('`patch` refuses a value with the hint: %s', (hint, patch) => {
  expect(refusal(patch).message).toContain(hint)
})

test('`patch` of a promise says to await it, and the path of a cycle is truncated', () => {
  expect(refusal(Promise.resolve({ a: 1 })).message).toContain('await it')
  const cycle: { me?: unknown } = {}
  cycle.me = cycle
  expect(refusal({ cycle }).message.length).toBeLessThan(200)
})

test('`session` refuses an address that cannot be read, and ignores other members if `session` is given', () => {
  const { store } = sessionOf()
  const row = { account: 'a', namespace: 'n', session: 's', properties: {} }
  expect(store.session(row).address).toEqual({ account: 'a', namespace: 'n', session: 's' })
  const { proxy, revoke } = Proxy.revocable({ account: 'a', namespace: 'n' }, {})
  revoke()
  expect(() => store.session(proxy)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
})
