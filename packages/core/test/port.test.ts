import { runInNewContext } from 'node:vm'
import {
  absent,
  type ContextStore,
  type Session,
  type SessionAddress,
  type StoreOptions,
  StoreUnavailableError,
  TooLargeError,
} from '@context-store/core'
import {
  batch,
  type Cannot,
  createStore,
  createStoreWithSync,
  GroupCommit,
  type StorageAdapter,
  type StoreRules,
  type SyncStorageAdapter,
  traitsOf,
} from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { describe, expect, test } from 'vitest'
import { settled } from './gate.ts'
import { MapAdapter } from './map-adapter.ts'

/** Opens a store, and returns its adapter too. */
function open<A extends MapAdapter>(
  Adapter: new (rules: StoreRules) => A,
  options?: StoreOptions,
): { store: ContextStore; adapter: A } {
  const adapters: A[] = []
  const store = createStore((rules) => {
    adapters.push(new Adapter(rules))
    return adapters[0] as A
  }, options)
  return { store, adapter: adapters[0] as A }
}

test('core replaces the optional methods that an adapter leaves out', async () => {
  const { store, adapter } = open(MapAdapter, { now: () => 1000 })
  await store.ready()
  expect(adapter.calls).toEqual(['accounts'])
  const account = store.account('a')
  for (let index = 0; index < 3; index++) await account.namespace(`n${index}`).create({ ttlSeconds: 60 })
  const session = account.namespace('n1').session('s')
  await session.patch({ a: 1 })
  expect(await session.get('a')).toBe(1)
  expect(await session.get('b')).toBeUndefined()
  expect(await account.namespace('n1').info()).toEqual({
    name: 'n1',
    createdAt: new Date(1000),
    ttlSeconds: 60,
  })
  expect(await account.namespace('n3').info()).toBeUndefined()
  expect(await session.info()).toMatchObject({ id: 's', ttlSeconds: 60 })
  expect(await account.namespace('n1').session('t').info()).toBeUndefined()
  expect(await session.update(['a'], ({ a }) => ({ a: Number(a) + 1 }))).toEqual({ a: 2 })
})

test('`get` and `update` do not take an inherited name for a property, with an adapter without `readProperty`', async () => {
  const { store } = open(MapAdapter)
  const session = store.account('a').namespace('n').session('s')
  await session.patch({ a: 1 })
  for (const name of ['constructor', '__proto__', 'toString']) expect(await session.get(name)).toBeUndefined()
  expect(await session.update(['constructor'], (current) => ({ b: Object.keys(current).length }))).toEqual({})
})

test('the default `info` methods search every page of a listing', async () => {
  class OneAtATime extends MapAdapter {
    override listSessions(...[account, name, request]: Parameters<MapAdapter['listSessions']>) {
      return super.listSessions(account, name, { ...request, limit: 1 })
    }
    override listNamespaces(...[account, request]: Parameters<MapAdapter['listNamespaces']>) {
      return super.listNamespaces(account, { ...request, limit: 1 })
    }
  }
  const account = open(OneAtATime).store.account('a')
  for (const name of ['a', 'b', 'c']) await account.namespace(name).session(name).patch({ a: 1 })
  await account.namespace('c').session('z').patch({ a: 1 })
  expect(await account.namespace('c').info()).toMatchObject({ name: 'c' })
  expect(await account.namespace('c').session('z').info()).toMatchObject({ id: 'z' })
})

test('with explicit namespaces, core refuses a read in one that does not exist, whatever the adapter returns', async () => {
  const { store } = open(MapAdapter, { namespaces: 'explicit' })
  const namespace = store.account('a').namespace('n')
  const session = namespace.session('s')
  const address = { account: 'a', namespace: 'n', session: 's' }
  for (const call of [
    () => session.get('a'),
    () => session.getMany(['a']),
    () => session.getAll(),
    () => session.info(),
    () => session.patch({ a: 1 }),
    () => session.update(['a'], () => undefined),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'namespace-not-found', address })
  }
  await expect(namespace.listSessions()).rejects.toMatchObject({ code: 'namespace-not-found' })
  await session.delete('a')
  await session.clear()
  await namespace.create()
  expect(await session.getAll()).toEqual({})
  expect(await namespace.listSessions()).toEqual({ items: [] })
})

const reasons = {
  accounts: 'no accounts',
  conditions: 'no conditions',
  removals: 'no removals',
  'path-names': 'no such names',
  'session-info': 'no info',
  'session-listing': 'no listing',
  'time-to-live': 'no end',
  batch: 'no batch',
} satisfies Cannot

test('what an adapter cannot do is refused with its reason, before the adapter is called', async () => {
  class Limited extends MapAdapter {
    readonly cannot: Cannot = reasons
  }
  const { store, adapter } = open(Limited)
  const namespace = store.account('a').namespace('n')
  const session = namespace.session('s')
  const calls: readonly [keyof typeof reasons, () => unknown][] = [
    ['batch', () => batch(store, [{ address: session.address, patch: { a: 1 } }])],
    ['accounts', () => store.accounts()[Symbol.asyncIterator]().next()],
    ['conditions', () => session.patchIf({ a: 1 }, { a: 2 })],
    ['conditions', () => session.update(['a'], () => ({ a: 2 }))],
    ['conditions', () => session.clearIf({ a: 1 })],
    ['removals', () => session.patch({ a: absent })],
    ['path-names', () => store.account('.')],
    ['path-names', () => store.session({ account: 'a', namespace: '..' })],
    ['path-names', () => namespace.session('properties')],
    ['path-names', () => session.get('')],
    ['session-info', () => session.info()],
    ['session-listing', () => namespace.listSessions()],
    ['session-listing', () => namespace.sessions()[Symbol.asyncIterator]().next()],
    ['time-to-live', () => session.patch({ a: 1 }, { ttlSeconds: 1 })],
    ['time-to-live', () => namespace.create({ ttlSeconds: 1 })],
  ]
  for (const [capability, call] of calls) {
    const error: unknown = await Promise.resolve()
      .then(call)
      .catch((reason) => reason)
    expect(error, capability).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(reasons[capability]),
    })
  }
  expect(adapter.calls).toEqual([])
  expect(traitsOf(store).cannot).toEqual(reasons)
  expect(traitsOf(memoryStore()).cannot).toEqual({})
  // A store that core did not make has the whole interface, but `batch` is not part of it.
  expect(traitsOf({})).toEqual({ cannot: { batch: expect.any(String) }, documentLength: 800_000 })
})

describe('an adapter without batch()', () => {
  test('cannot `batch`, and core refuses the call with the reason', async () => {
    const { store, adapter } = open(MapAdapter)
    const address = { account: 'a', namespace: 'n' }
    const reason = traitsOf(store).cannot.batch ?? ''
    expect(reason).toContain('no batch')
    await expect(batch(store, [{ address, patch: { x: 1 } }])).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(reason),
    })
    expect(adapter.calls).toEqual([])
  })

  test('`batch` is refused for a store that core did not make, too', async () => {
    const own = memoryStore()
    const wrapped = { ...own, session: own.session.bind(own) } as typeof own
    const address = { account: 'a', namespace: 'n' }
    await expect(batch(wrapped, [{ address, patch: { x: 1 } }])).rejects.toMatchObject({
      code: 'unsupported',
    })
  })
})

test('`createStore` refuses an adapter with `batch` that does not set `keepsOrder`', () => {
  class Unordered extends MapAdapter {
    readonly batch = async (): Promise<undefined> => undefined
  }
  expect(() => open(Unordered)).toThrow(/keepsOrder/)
})

test('what an adapter cannot do does not affect calls that do not need it', async () => {
  class Limited extends MapAdapter {
    readonly cannot: Cannot = { 'time-to-live': 'no end', removals: 'no removals', accounts: 'no accounts' }
  }
  const { store } = open(Limited)
  const namespace = store.account('a').namespace('n')
  const session = namespace.session('s')
  await namespace.create()
  await namespace.create({})
  await session.patch({ a: 1 })
  await session.patch({ a: 1 }, {})
  expect(await session.patchIf({ a: 1 }, { a: 2 })).toEqual({ ok: true })
  expect(await session.update(['a'], () => ({ a: 3 }))).toEqual({ a: 3 })
  await expect(session.update(['a'], () => ({ a: 4 }), { ttlSeconds: 1 })).rejects.toMatchObject({
    code: 'unsupported',
  })
  await expect(session.update(['a'], () => ({ a: absent }))).rejects.toMatchObject({ code: 'unsupported' })
  expect(await session.getAll()).toEqual({ a: 3 })
  await store.ready()
})

test.each([
  ['clock', { now: () => 0 }],
  ['limits', { limits: { depth: 3 } }],
  ['explicit-namespaces', { namespaces: 'explicit' }],
] as const)('a store over an engine without "%s" refuses the option', (capability, options) => {
  const open = (rules: StoreRules) =>
    Object.assign(new MapAdapter(rules), { cannot: { [capability]: 'not here' } })
  expect(() => createStore(open, options)).toThrow(
    expect.objectContaining({ code: 'unsupported', message: 'not here' }),
  )
})

test('`maxDocumentLength` lowers the limit, and an option above it is refused', async () => {
  class Small extends MapAdapter {
    readonly maxDocumentLength = 20
  }
  const { store } = open(Small)
  const session = store.account('a').namespace('n').session('s')
  await session.patch({ a: 'x'.repeat(12) })
  await expect(session.patch({ a: 'x'.repeat(13) })).rejects.toMatchObject({
    code: 'too-large',
    message: expect.stringContaining('session "s"'),
    address: { account: 'a', namespace: 'n', session: 's' },
  })
  expect(traitsOf(store).documentLength).toBe(20)
  expect(() => open(Small, { limits: { documentLength: 21 } })).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  )
  expect(traitsOf(open(Small, { limits: { documentLength: 19 } }).store).documentLength).toBe(19)
})

test('an error of the engine, from any realm, becomes the cause of the store’s error', async () => {
  const foreign: unknown = runInNewContext('new RangeError("of another realm")')
  class Failing extends MapAdapter {
    override async call(): Promise<never> {
      throw foreign
    }
  }
  const session = open(Failing).store.account('a').namespace('n').session('s')
  const address = { account: 'a', namespace: 'n', session: 's' }
  const error = { code: 'unavailable', cause: foreign, address }
  await expect(session.patch({ a: 1 })).rejects.toMatchObject({ ...error, outcome: 'unknown' })
  await expect(session.get('a')).rejects.toMatchObject({ ...error, outcome: 'not-applied' })

  class Translating extends Failing {
    errorOf(cause: unknown, during: string): StoreUnavailableError {
      return new StoreUnavailableError(during, { cause, outcome: 'not-applied' })
    }
  }
  const told = open(Translating).store.account('a').namespace('n').session('s')
  await expect(told.patch({ a: 1 })).rejects.toMatchObject({
    ...error,
    message: 'write',
    outcome: 'not-applied',
  })
  await expect(told.get('a')).rejects.toMatchObject({ message: 'read' })
})

test('a failed read is `not-applied`, a failed write is `unknown`, and both have the address', async () => {
  class Failing extends MapAdapter {
    override async call(): Promise<never> {
      throw new Error('of the engine')
    }
  }
  const { store } = open(Failing)
  const account = store.account('a')
  const namespace = account.namespace('n')
  const session = namespace.session('s')
  const first = (items: AsyncIterable<unknown>) => items[Symbol.asyncIterator]().next()
  const inNamespace = { account: 'a', namespace: 'n' }
  const inSession = { ...inNamespace, session: 's' }
  const calls: readonly (readonly ['read' | 'write', object | undefined, () => Promise<unknown>])[] = [
    ['read', undefined, () => store.ready()],
    ['read', undefined, () => first(store.accounts())],
    ['read', { account: 'a' }, () => first(account.namespaces())],
    ['read', inNamespace, () => namespace.info()],
    ['read', inNamespace, () => namespace.listSessions()],
    ['read', inNamespace, () => first(namespace.sessions())],
    ['read', inSession, () => session.get('a')],
    ['read', inSession, () => session.getMany(['a'])],
    ['read', inSession, () => session.getAll()],
    ['read', inSession, () => session.info()],
    ['write', inNamespace, () => namespace.create()],
    ['write', inNamespace, () => namespace.delete()],
    ['write', inSession, () => session.patch({ a: 1 })],
    ['write', inSession, () => session.patchIf({ a: 1 }, { a: 2 })],
    ['write', inSession, () => session.update(['a'], () => ({ a: 1 }))],
    ['write', inSession, () => session.delete('a')],
    ['write', inSession, () => session.clear()],
    ['write', inSession, () => session.clearIf({ a: 1 })],
  ]
  for (const [kind, address, call] of calls) {
    const error: unknown = await call().catch((reason) => reason)
    const outcome = kind === 'read' ? 'not-applied' : 'unknown'
    expect(error, String(call)).toMatchObject({ code: 'unavailable', outcome, address })
  }
})

test('core makes the address of an error more exact, and never less', async () => {
  let address: Partial<SessionAddress> = {}
  class Failing extends MapAdapter {
    override async call(): Promise<never> {
      throw new TooLargeError('it is', { address })
    }
  }
  const namespace = open(Failing).store.account('a').namespace('n')
  const [whole, part] = [
    { account: 'a', namespace: 'n', session: 's' },
    { account: 'a', namespace: 'n' },
  ]
  address = part
  const named = { message: 'session "s": it is' }
  await expect(namespace.session('s').getAll()).rejects.toMatchObject({ address: whole, ...named })
  address = { ...part, session: 'other' }
  await expect(namespace.session('s').getAll()).rejects.toMatchObject({ address, message: 'it is' })
  await expect(namespace.info()).rejects.toMatchObject({ address, message: 'it is' })
  address = { account: 'a' }
  await expect(namespace.info()).rejects.toMatchObject({ address, message: 'it is' })
})

test('a long name is truncated in a message', async () => {
  class Failing extends MapAdapter {
    override async call(): Promise<never> {
      throw new TooLargeError('it is')
    }
  }
  const namespace = open(Failing).store.account('a').namespace('n')
  for (const [length, shown] of [
    [64, 64],
    [65, 64],
  ] as const) {
    const error = await namespace
      .session('x'.repeat(length))
      .getAll()
      .catch((reason) => reason)
    expect(error.message).toBe(`session "${'x'.repeat(shown)}${length > shown ? '…' : ''}": it is`)
  }
})

test('if `now` throws or returns no time, only that call fails', async () => {
  let now: () => unknown = () => 0
  const { store } = open(MapAdapter, { now: () => now() as number })
  const session = store.account('a').namespace('n').session('s')
  await session.patch({ a: 1 })
  for (const wrong of [
    () => Number.NaN,
    () => 'noon',
    () => {
      throw new Error('stopped')
    },
  ]) {
    now = wrong
    await expect(session.patch({ a: 2 })).rejects.toMatchObject({ code: 'invalid-option' })
  }
  now = () => 0
  expect(await session.getAll()).toEqual({ a: 1 })
})

test('a store reclaims after its first write, then after every 64th, and sooner while there is more', async () => {
  class Reclaiming extends MapAdapter {
    isMore = false
    async reclaim(): Promise<boolean> {
      this.calls.push('reclaim')
      return this.isMore
    }
  }
  const { store, adapter } = open(Reclaiming)
  const session = store.account('a').namespace('n').session('s')
  const reclaimsAt = async (writes: number): Promise<number[]> => {
    const at: number[] = []
    for (let count = 1; count <= writes; count++) {
      const before = adapter.calls.filter((call) => call === 'reclaim').length
      await session.patch({ count })
      await settled()
      if (adapter.calls.filter((call) => call === 'reclaim').length > before) at.push(count)
    }
    return at
  }
  expect(await reclaimsAt(130)).toEqual([1, 65, 129])
  adapter.isMore = true
  expect(await reclaimsAt(90)).toEqual([63, 71, 79, 87])
})

test('both sides of a synchronous engine count towards one reclaim', async () => {
  let reclaims = 0
  const reclaim = (): boolean => {
    reclaims++
    return false
  }
  const transactions = () =>
    new GroupCommit({
      begin: () => undefined,
      commit: () => undefined,
      rollback: () => undefined,
      afterTick: (flush) => void setImmediate(flush),
    })
  for (const members of [{ reclaim }, { reclaim, transactions: transactions() }]) {
    reclaims = 0
    const store = memoryStoreWith(members)
    const address = { account: 'a', namespace: 'n' }
    store.sync.session(address).patch({ a: 1 })
    expect(reclaims).toBe(1)
    for (let count = 2; count <= 64; count++) await store.session(address).patch({ a: 1 })
    expect(reclaims).toBe(1)
    await store.session(address).patch({ a: 1 })
    await settled()
    expect(reclaims).toBe(2)
    await store.close()
  }
})

test('the adapter gets a time to live of -0 as 0', async () => {
  const given: unknown[] = []
  class Watched extends MapAdapter {
    override createNamespace(...args: Parameters<MapAdapter['createNamespace']>): Promise<void> {
      given.push(args[2])
      return super.createNamespace(...args)
    }
    override patched(...args: Parameters<MapAdapter['patched']>): ReturnType<MapAdapter['patched']> {
      given.push(args[1].ttlSeconds)
      return super.patched(...args)
    }
  }
  const namespace = open(Watched).store.account('a').namespace('n')
  await namespace.create({ ttlSeconds: -0 })
  await namespace.session('s').patch({ a: 1 }, { ttlSeconds: -0 })
  expect(given.map((ttl) => Object.is(ttl, 0))).toEqual([true, true])
})

test.each([
  ['patchIf', (session: Session) => session.patchIf({ a: absent }, { a: 1 })],
  ['update', (session: Session) => session.update(['a'], () => ({ a: 1 }))],
])('`%s` counts as a write after which a store reclaims', async (_, write) => {
  class Reclaiming extends MapAdapter {
    reclaim(): Promise<boolean> {
      return this.call('reclaim', () => false)
    }
  }
  const { store, adapter } = open(Reclaiming)
  await write(store.account('a').namespace('n').session('s'))
  await settled()
  expect(adapter.calls).toContain('reclaim')
})

test('a `reclaim` that fails does not fail a write or `close`', async () => {
  class Failing extends MapAdapter {
    reclaim(): Promise<boolean> {
      throw new Error('no')
    }
  }
  const { store } = open(Failing)
  await store.account('a').namespace('n').session('s').patch({ a: 1 })
  await store.close()

  const failing = memoryStoreWith({
    reclaim: () => {
      throw new Error('no')
    },
  })
  failing.sync.session({ account: 'a', namespace: 'n' }).patch({ a: 1 })
  expect(await failing.session({ account: 'a', namespace: 'n' }).getAll()).toEqual({ a: 1 })
})

/** A synchronous engine that keeps one session. */
function memoryStoreWith(members: Partial<SyncStorageAdapter>): ReturnType<typeof createStoreWithSync> {
  const kept = {}
  const nothing = () => undefined
  const empty = () => ({ items: [], next: undefined })
  return createStoreWithSync(() => ({
    createNamespace: nothing,
    deleteNamespace: nothing,
    listAccounts: empty,
    listNamespaces: empty,
    listSessions: empty,
    patch: (_address, { changes }) => void Object.assign(kept, changes.values),
    readProperties: () => ({ ...kept }),
    deleteProperties: nothing,
    clearSession: nothing,
    close: nothing,
    ...members,
  }))
}

const misspelt: readonly [string, (store: ContextStore) => unknown][] = [
  ['patch', (store) => store.session({ account: 'a', namespace: 'n' }).patch({ a: 1 }, { ttl: 1 } as never)],
  [
    'patchIf',
    (store) => store.session({ account: 'a', namespace: 'n' }).patchIf({}, { a: 1 }, { ttl: 1 } as never),
  ],
  [
    'create',
    (store) =>
      store
        .account('a')
        .namespace('n')
        .create({ ttlSecond: 1 } as never),
  ],
  [
    'create with no object',
    (store) =>
      store
        .account('a')
        .namespace('n')
        .create(60 as never),
  ],
  [
    'listSessions',
    (store) =>
      store
        .account('a')
        .namespace('n')
        .listSessions({ limits: 1 } as never),
  ],
  [
    'listSessions with null',
    (store) =>
      store
        .account('a')
        .namespace('n')
        .listSessions(null as never),
  ],
  [
    'listSessions',
    (store) =>
      store
        .account('a')
        .namespace('n')
        .listSessions({ properties: 'a' } as never),
  ],
  [
    'sessions',
    (store) =>
      store
        .account('a')
        .namespace('n')
        .sessions({ property: ['a'] } as never),
  ],
]
test.each(misspelt)('%s refuses invalid options, and does not call the adapter', async (_, call) => {
  const { store, adapter } = open(MapAdapter)
  const error: unknown = await Promise.resolve(store)
    .then(call)
    .catch((reason) => reason)
  expect(error).toMatchObject({ code: 'invalid-option' })
  expect(adapter.calls).toEqual([])
})

const strange: readonly unknown[] = [
  null,
  [],
  'options',
  { name: 1 },
  { limits: { ids: 3 } },
  { limits: null },
]
test.each(strange)('`createStore` refuses the options %j', (options) => {
  const open = (rules: StoreRules): StorageAdapter => new MapAdapter(rules)
  expect(() => createStore(open, options as never)).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  )
})

test.each([
  [
    'throws',
    () => {
      throw new Error('of the translation')
    },
  ],
  ['returns nothing', () => undefined],
  ['returns the error as it is', (cause: unknown) => cause],
])('an `errorOf` that %s does not hide the engine’s error', async (_, errorOf) => {
  class Failing extends MapAdapter {
    readonly errorOf = errorOf as never
    override async call(): Promise<never> {
      throw new Error('of the engine')
    }
  }
  const { store } = open(Failing)
  await expect(store.account('a').namespace('n').session('s').patch({ a: 1 })).rejects.toMatchObject({
    code: 'unavailable',
    outcome: 'unknown',
    cause: { message: 'of the engine' },
  })
})

test('`createStore` refuses an adapter that is incomplete, a promise, or has an invalid `cannot`', () => {
  const refused = expect.objectContaining({ code: 'invalid-option' })
  const incomplete = (rules: StoreRules) =>
    Object.assign(new MapAdapter(rules), { cannot: { speed: 'slow' } })
  expect(() => createStore(incomplete as never)).toThrow(refused)
  const wordless = (rules: StoreRules) => Object.assign(new MapAdapter(rules), { cannot: { clock: ' ' } })
  expect(() => createStore(wordless)).toThrow(refused)
  expect(() => createStore((async (rules: StoreRules) => new MapAdapter(rules)) as never)).toThrow(refused)
  expect(() => createStore((() => ({})) as never)).toThrow(refused)
})
