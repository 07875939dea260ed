import { type ContextStore, StoreUnavailableError } from '@context-store/core'
import { type CallKind, createStore, GroupCommit, type StoreRules } from '@context-store/core/adapter'
import { beforeAll, describe, expect, test } from 'vitest'
import { MapAdapter } from './map-adapter.ts'

/** Whether the calls of a transaction are started together. */
let startsTogether = false

/** An asynchronous engine with transactions that can be rolled back. */
class TransactionalAdapter extends MapAdapter {
  readonly keepsOrder = true
  /** How many times a call fails, by its name; also `begin` and `commit`. */
  readonly failures = new Map<string, number>()
  outcome: 'unknown' | 'not-applied' = 'not-applied'
  /** How many ticks of the event loop each call takes. */
  ticks = 0
  #saved: string | undefined
  #flush: (() => void) | undefined

  readonly transactions = new GroupCommit({
    startsTogether,
    begin: async () => {
      await this.call('begin', () => undefined)
      if (this.#saved !== undefined) throw new Error('a transaction within a transaction')
      this.#saved = this.#copy()
    },
    commit: async () => {
      await this.call('commit', () => undefined)
      this.#saved = undefined
    },
    rollback: async () => {
      await super.call('rollback', () => undefined)
      if (this.#saved !== undefined) this.#restore(this.#saved)
      this.#saved = undefined
    },
    afterTick: (flush) => {
      this.#flush = flush
      setImmediate(() => this.#flush?.())
    },
  })

  /** The maximum number of calls that ran at the same time. */
  mostUnderWay = 0
  #underWay = 0

  override async call<T>(name: string, work: () => T): Promise<T> {
    this.#underWay++
    this.mostUnderWay = Math.max(this.mostUnderWay, this.#underWay)
    try {
      return await this.#call(name, work)
    } finally {
      this.#underWay--
    }
  }

  async #call<T>(name: string, work: () => T): Promise<T> {
    const left = this.failures.get(name) ?? 0
    for (let tick = 0; tick < this.ticks; tick++) await new Promise(setImmediate)
    const result = await super.call(name, work)
    if (left === 0) return result
    // Fails after its effect, which must be rolled back.
    this.failures.set(name, left - 1)
    throw new Error(`${name} failed`)
  }

  errorOf(cause: unknown, during: CallKind): StoreUnavailableError {
    return new StoreUnavailableError(during, {
      cause,
      outcome: during === 'commit' ? this.outcome : 'not-applied',
    })
  }

  #copy(): string {
    const all = [...this.namespaces].map(([key, { info, sessions }]) => [key, info.name, [...sessions]])
    return JSON.stringify(all)
  }

  #restore(saved: string): void {
    this.namespaces.clear()
    for (const [key, name, sessions] of JSON.parse(saved)) {
      this.namespaces.set(key, { info: { name, createdAt: new Date(0) }, sessions: new Map(sessions) })
    }
  }
}

function open(): { store: ContextStore; adapter: TransactionalAdapter } {
  const adapters: TransactionalAdapter[] = []
  const store = createStore((rules: StoreRules) => {
    adapters.push(new TransactionalAdapter(rules))
    return adapters[0] as TransactionalAdapter
  })
  return { store, adapter: adapters[0] as TransactionalAdapter }
}

describe.each([
  ['one after another', false],
  ['together', true],
])('if calls are started %s,', (_, together) => {
  beforeAll(() => {
    startsTogether = together
  })

  test('the writes of one tick share a transaction, in order, and reads behind them join it', async () => {
    const { store, adapter } = open()
    const session = store.account('a').namespace('n').session('s')
    await store.ready()
    adapter.calls.length = 0
    const results = await Promise.all([
      session.patch({ a: 1 }),
      session.patchIf({ a: 1 }, { b: 1 }),
      session.update(['b'], ({ b }) => ({ b: Number(b) + 1 })),
      session.getAll(),
      session.patchIf({ a: 2 }, { b: 9 }),
      session.delete('a'),
    ])
    expect(results).toEqual([
      undefined,
      { ok: true },
      { b: 2 },
      { a: 1, b: 2 },
      { ok: false, current: { a: 1 } },
      undefined,
    ])
    expect(adapter.calls.filter((call) => ['begin', 'commit', 'rollback'].includes(call))).toEqual([
      'begin',
      'commit',
    ])
    adapter.calls.length = 0
    expect(await session.getAll()).toEqual({ b: 2 })
    expect(adapter.calls).toEqual(['read s'])
    await store.close()
  })

  test('a write that fails in the engine does not fail the others, and leaves no data', async () => {
    const { store, adapter } = open()
    const namespace = store.account('a').namespace('n')
    adapter.failures.set('patch bad', 2)
    const results = await Promise.allSettled([
      namespace.session('good').patch({ a: 1 }),
      namespace.session('bad').patch({ a: 1 }),
      namespace.session('better').patch({ a: 1 }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { outcome: 'not-applied', address: { session: 'bad' } } })
    expect((await namespace.listSessions()).items.map(({ id }) => id)).toEqual(['better', 'good'])
  })

  test('`reclaim` gets its own transaction if it cannot share one', async () => {
    class Reclaiming extends TransactionalAdapter {
      reclaim(): Promise<boolean> {
        return this.call('reclaim', () => false)
      }
    }
    const adapters: Reclaiming[] = []
    const store = createStore((rules) => {
      adapters.push(new Reclaiming(rules))
      return adapters[0] as Reclaiming
    })
    adapters[0]?.failures.set('patch s', 2)
    await expect(store.account('a').namespace('n').session('s').patch({ a: 1 })).rejects.toMatchObject({
      code: 'unavailable',
    })
    await store.close()
    const apart = ['begin', 'patch s', 'rollback']
    expect(adapters[0]?.calls).toEqual([...apart, ...apart, 'begin', 'reclaim', 'commit', 'close'])
  })

  test('errors of the store and of the caller do not affect the others in the transaction', async () => {
    const { store, adapter } = open()
    const session = store.account('a').namespace('n').session('s')
    const mine = new Error('mine')
    const results = await Promise.allSettled([
      session.patch({ a: 1 }),
      session.patch({ long: 'x'.repeat(799_990) }),
      session.update(['a'], () => {
        throw mine
      }),
      session.patch({ b: 1 }),
    ])
    expect(results).toMatchObject([
      { status: 'fulfilled' },
      { reason: { code: 'too-large' } },
      { reason: mine },
      { status: 'fulfilled' },
    ])
    expect(adapter.calls.filter((call) => call === 'begin')).toHaveLength(1)
    expect(await session.getAll()).toEqual({ a: 1, b: 1 })
  })

  test('after a commit that was not applied, each write gets its own transaction', async () => {
    const { store, adapter } = open()
    const namespace = store.account('a').namespace('n')
    adapter.failures.set('commit', 2)
    const results = await Promise.allSettled(
      ['1', '2', '3'].map((id) => namespace.session(id).patch({ a: 1 })),
    )
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect((await namespace.listSessions()).items.map(({ id }) => id)).toEqual(['2', '3'])
  })

  test('if the outcome of a commit is unknown, so is that of every write in it, and none is retried', async () => {
    const { store, adapter } = open()
    const namespace = store.account('a').namespace('n')
    adapter.failures.set('commit', 1)
    adapter.outcome = 'unknown'
    const results = await Promise.allSettled(['1', '2'].map((id) => namespace.session(id).patch({ a: 1 })))
    expect(results).toMatchObject([
      { reason: { outcome: 'unknown', address: { session: '1' } } },
      { reason: { outcome: 'unknown', address: { session: '2' } } },
    ])
    expect(adapter.calls.filter((call) => call.startsWith('patch'))).toHaveLength(2)
  })

  test('if a transaction cannot begin, its writes are not applied and its reads succeed', async () => {
    const { store, adapter } = open()
    const session = store.account('a').namespace('n').session('s')
    await session.patch({ a: 1 })
    adapter.failures.set('begin', 1)
    const results = await Promise.allSettled([
      session.patch({ a: 2 }),
      session.get('a'),
      session.patch({ a: 3 }),
    ])
    expect(results).toMatchObject([
      { reason: { outcome: 'not-applied' } },
      { status: 'fulfilled', value: 1 },
      { reason: { outcome: 'not-applied' } },
    ])
  })

  test('writes made during a transaction wait for it', async () => {
    const { store, adapter } = open()
    const session = store.account('a').namespace('n').session('s')
    adapter.ticks = 3
    const first = session.patch({ step: 1 })
    const rest = Array.from({ length: 20 }, async (_, step) => {
      for (let tick = 0; tick < step; tick++) await new Promise(setImmediate)
      await session.patch({ step })
    })
    await Promise.all([first, ...rest])
    expect(await session.get('step')).toBe(19)
    const kinds = adapter.calls.filter((call) => call === 'begin' || call === 'commit')
    expect(kinds.every((call, index) => call === (index % 2 === 0 ? 'begin' : 'commit'))).toBe(true)
  })

  test('a call is started after the previous one is done, or together with it', async () => {
    const { store, adapter } = open()
    await store.ready()
    adapter.ticks = 2
    adapter.calls.length = 0
    const session = store.account('a').namespace('n').session('s')
    const patches = [session.patch({ a: 1 }), session.patch({ b: 1 }), session.patch({ c: 1 })]
    await Promise.all(patches)
    expect(adapter.mostUnderWay).toBe(together ? 3 : 1)
    expect(await session.getAll()).toEqual({ a: 1, b: 1, c: 1 })
    await store.close()
  })
})
