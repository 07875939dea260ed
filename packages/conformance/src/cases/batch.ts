import { absent, type ContextStore, type Properties, present, type SessionAddress } from '@context-store/core'
import { batch, engineOf, type StoreWrite } from '@context-store/core/adapter'
import fc from 'fast-check'
import { collect, holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'
import { checkRuns } from '../random-runs.ts'
import { advance } from '../test-clock.ts'

const row = 'batch'
const needs = ['batch'] as const
const sides = 'once'
const ok = { ok: true }

const a: SessionAddress = { account: 'a', namespace: 'n', session: 'a' }
const b: SessionAddress = { account: 'a', namespace: 'n', session: 'b' }
const elsewhere: SessionAddress = { account: 'c', namespace: 'other', session: 'a' }

/** Everything that is stored, by address; listings include what `info()` returns. */
async function everything(store: ContextStore): Promise<object> {
  const found: { [address: string]: unknown } = {}
  for (const id of await collect(store.accounts())) {
    const account = store.account(id)
    for (const info of await collect(account.namespaces())) {
      found[show([id, info.name])] = info
      const sessions = account.namespace(info.name).sessions({ properties: true })
      for (const session of await collect(sessions)) found[show([id, info.name, session.id])] = session
    }
  }
  return found
}

/** The cases of `batch`, which packages that build on a store use. */
export const batchCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'the writes of a batch are applied in order, and each sees the writes before it',
    needs,
    sides,
    run: async ({ open }) => {
      const store = await open()
      await store.session(b).patch({ old: 1, kept: 2 })
      const writes: readonly StoreWrite[] = [
        { address: a, patch: { step: 1, cart: ['tea'] } },
        { address: a, expected: { step: 1 }, patch: { step: 2 } },
        { address: b, delete: ['old', 'never'] },
        { address: b, expected: { old: absent, kept: present }, patch: { seen: true } },
        { address: elsewhere, patch: { gone: 1 } },
        { address: elsewhere, expected: { gone: 1 }, clear: true },
        { address: elsewhere, expected: { gone: absent }, patch: { back: null } },
        { address: a, expected: { step: 2 }, delete: ['cart'] },
      ]
      same(await batch(store, writes), ok, 'batch()')
      same(await store.session(a).getAll(), { step: 2 }, 'the first session')
      same(await store.session(b).getAll(), { kept: 2, seen: true }, 'the second session')
      same(await store.session(elsewhere).getAll(), { back: null }, 'the third session')
    },
  },
  {
    row,
    name: 'if one condition does not hold, a batch changes nothing, and its result has the index and the current values',
    needs: ['batch', 'clock'],
    sides,
    run: async ({ open, clock }) => {
      const store = await open()
      await store.session(a).patch({ x: 1, y: { z: [1] } }, { ttlSeconds: 60 })
      await store.session(b).patch({ x: 2 })
      const before = await everything(store)
      advance(clock, 30)
      const changes: readonly StoreWrite[] = [
        { address: a, patch: { x: 5, w: 1 }, ttlSeconds: 10 },
        { address: b, clear: true },
        { address: b, patch: { x: 3 } },
        { address: a, delete: ['y'] },
        { address: elsewhere, patch: { x: 1 }, ttlSeconds: 5 },
        { address: { account: 'new', namespace: 'new' }, patch: {} },
      ]
      const refused: readonly (readonly [StoreWrite, Properties])[] = [
        [{ address: a, expected: { x: 7, never: present }, patch: { x: 8 } }, { x: 5 }],
        [{ address: a, expected: { y: present }, delete: ['x'] }, {}],
        [{ address: b, expected: { x: absent }, clear: true }, { x: 3 }],
        [{ address: elsewhere, expected: { x: 2 }, delete: ['x'] }, { x: 1 }],
      ]
      for (const [write, current] of refused) {
        const result = await batch(store, [...changes, write, { address: a, patch: { later: 1 } }])
        same(result, { ok: false, index: changes.length, current }, `batch() with ${show(write)}`)
        same(await everything(store), before, `what is stored after a batch with ${show(write)}`)
      }
      const first: StoreWrite = { address: a, expected: { x: 2 }, delete: ['x'] }
      same(
        await batch(store, [first, ...changes]),
        { ok: false, index: 0, current: { x: 1 } },
        'batch() refused at its first write',
      )
      same(await everything(store), before, 'what is stored after it')
    },
  },
  {
    row,
    name: 'if one write exceeds a limit, a batch changes nothing, and the error names that session',
    needs: ['batch', 'limits'],
    sides,
    run: async ({ open }) => {
      const store = await open({ limits: { documentLength: 100, properties: 3 } })
      await store.session(a).patch({ x: 1 })
      await store.session(b).patch({ long: 'y'.repeat(70) })
      const before = await everything(store)
      const tooLarge: readonly StoreWrite[] = [
        { address: b, patch: { more: 'y'.repeat(30) } },
        { address: b, patch: { p: 1, q: 2, r: 3 } },
      ]
      for (const write of tooLarge) {
        const writes = [{ address: a, patch: { x: 2 } }, { address: elsewhere, patch: { x: 1 } }, write]
        const error = await refuses(() => batch(store, writes), 'too-large', `batch() with ${show(write)}`)
        same(error.address, b, 'the address of the error')
        same(await everything(store), before, 'what is stored afterwards')
      }
      const replaced: readonly StoreWrite[] = [
        { address: b, delete: ['long'] },
        { address: b, patch: { other: 'y'.repeat(70) } },
      ]
      same(await batch(store, replaced), ok, 'a batch that makes room first')
    },
  },
  {
    row,
    name: 'where namespaces are explicit, a batch with one that does not exist changes nothing',
    needs: ['batch', 'explicit-namespaces'],
    sides,
    run: async ({ open }) => {
      const store = await open({ namespaces: 'explicit' })
      await store.account('a').namespace('n').create()
      const writes = [
        { address: a, patch: { x: 1 } },
        { address: elsewhere, patch: { x: 1 } },
      ]
      const error = await refuses(() => batch(store, writes), 'namespace-not-found', 'batch()')
      same(error.address?.namespace, 'other', 'the namespace of the error')
      same(await store.session(a).getAll(), {}, 'the first session')
    },
  },
  {
    row,
    name: 'a batch changes times to live only as its writes would do alone',
    needs: ['batch', 'clock'],
    sides,
    run: async ({ open, clock }) => {
      const store = await open()
      const names = ['patched', 'stated', 'shortened', 'untouched', 'without']
      for (const session of names.slice(0, 4)) {
        await store.session({ ...a, session }).patch({ x: 1, y: 1 }, { ttlSeconds: 60 })
      }
      await store.session({ ...a, session: 'without' }).patch({ x: 1 })
      advance(clock, 30)
      const writes: readonly StoreWrite[] = [
        { address: { ...a, session: 'patched' }, patch: { x: 2 } },
        { address: { ...a, session: 'stated' }, patch: {}, ttlSeconds: 10 },
        { address: { ...a, session: 'shortened' }, delete: ['y'] },
        { address: { ...a, session: 'without' }, expected: { x: 1 }, patch: { x: 2 } },
      ]
      same(await batch(store, writes), ok, 'batch()')
      const left = async (): Promise<readonly unknown[]> => {
        const infos = names.map((session) => store.session({ ...a, session }).info())
        return (await Promise.all(infos)).map((info) => info?.expiresAt && +info.expiresAt - clock.now())
      }
      same(await left(), [60_000, 10_000, 30_000, 30_000, undefined], 'what is left of each life')
      advance(clock, 30)
      const expired: readonly StoreWrite[] = [
        { address: { ...a, session: 'shortened' }, expected: { x: absent }, patch: { z: 1 } },
        { address: { ...a, session: 'untouched' }, expected: { x: absent }, clear: true },
      ]
      same(await batch(store, expired), ok, 'a batch on an expired session')
      same(await store.session({ ...a, session: 'shortened' }).getAll(), { z: 1 }, 'a recreated session')
    },
  },
  {
    row,
    name: 'a batch keeps its place in the order of the calls, awaited or not',
    needs,
    sides,
    run: async ({ open }) => {
      const store = await open()
      const found: Promise<unknown>[] = []
      for (let round = 0; round < 20; round++) {
        found.push(store.session(b).patch({ last: `patch ${round}` }))
        const writes = [
          { address: a, patch: { last: round } },
          { address: b, expected: { last: `patch ${round}` }, patch: { last: `batch ${round}` } },
        ]
        found.push(batch(store, writes))
        found.push(store.session(a).getAll(), store.session(b).getAll())
        found.push(store.session(b).patchIf({ last: `batch ${round}` }, { last: round }))
        found.push(
          collect(
            store
              .account('a')
              .namespace('n')
              .sessions({ properties: ['last'] }),
          ),
        )
      }
      const results = await Promise.all(found)
      for (let round = 0; round < 20; round++) {
        const [, result, first, second, after, listed] = results.slice(6 * round, 6 * round + 6)
        same(result, ok, `batch() of round ${round}`)
        same([first, second], [{ last: round }, { last: `batch ${round}` }], 'the reads behind it')
        same(after, ok, 'the conditional patch behind it')
        holds((listed as unknown[]).length === 2, 'the listing behind it')
      }
    },
  },
  {
    row,
    name: 'concurrent batches that move values between two sessions lose none',
    needs,
    sides,
    run: async ({ open }) => {
      const store = await open()
      await Promise.all([store.session(a).patch({ left: 16 }), store.session(b).patch({ left: 0 })])
      const move = async (): Promise<void> => {
        for (;;) {
          const [from, to] = await Promise.all([store.session(a).get('left'), store.session(b).get('left')])
          const result = await batch(store, [
            { address: a, expected: { left: from ?? absent }, patch: { left: Number(from) - 1 } },
            { address: b, expected: { left: to ?? absent }, patch: { left: Number(to) + 1 } },
          ])
          if (result.ok) return
        }
      }
      await Promise.all(Array.from({ length: 16 }, move))
      same(await store.session(a).getAll(), { left: 0 }, 'what was moved from')
      same(await store.session(b).getAll(), { left: 16 }, 'what was moved to')
    },
  },
  {
    row,
    name: 'an invalid batch is refused before anything is written',
    needs,
    sides,
    run: async ({ open }) => {
      const store = await open()
      const good = { address: a, patch: { x: 1 } }
      const bad: readonly (readonly ['invalid-option' | 'invalid-address' | 'invalid-value', unknown])[] = [
        ['invalid-option', {}],
        ['invalid-option', []],
        ['invalid-option', undefined],
        ['invalid-option', [good, null]],
        ['invalid-option', [good, { address: b }]],
        ['invalid-option', [good, { address: b, patch: {}, clear: true }]],
        ['invalid-option', [good, { address: b, clear: false }]],
        ['invalid-option', [good, { address: b, delete: ['x'], ttlSeconds: 1 }]],
        ['invalid-option', [good, { address: b, patch: {}, ttlSeconds: -1 }]],
        ['invalid-option', [good, { address: b, patch: {}, ttl: 1 }]],
        ['invalid-address', [good, { patch: { x: 1 } }]],
        ['invalid-address', [good, { address: { ...b, session: '' }, patch: { x: 1 } }]],
        ['invalid-address', [good, { address: b, delete: 'x' }]],
        ['invalid-address', [good, { address: b, delete: [1] }]],
        ['invalid-value', [good, { address: b, patch: { x: Number.NaN } }]],
        ['invalid-value', [good, { address: b, patch: { x: present } }]],
        ['invalid-value', [good, { address: b, expected: { x: undefined }, clear: true }]],
        ['invalid-value', [good, { address: b, expected: null, patch: {} }]],
      ]
      for (const [code, writes] of bad) {
        await refuses(() => batch(store, writes as StoreWrite[]), code, `batch() of ${show(writes)}`)
      }
      const error = await refuses(
        () => batch(store, [good, { address: b, patch: { x: Number.NaN } }]),
        'invalid-value',
        'batch() of a NaN',
      )
      same(error.address, b, 'the address of the error')
      same(await collect(store.accounts()), [], 'what is stored')
    },
  },
  {
    row,
    name: 'a batch keeps copies of its arguments, and close() waits for it',
    needs,
    sides,
    run: async ({ open }) => {
      const store = await open()
      const patch = { list: [1], n: 1 }
      const names = ['m']
      await store.session(b).patch({ m: 1, n: 1 })
      const made = batch(store, [
        { address: a, patch },
        { address: b, delete: names },
      ])
      patch.list.push(2)
      patch.n = 2
      names[0] = 'n'
      same(await made, ok, 'batch()')
      same(await store.session(a).getAll(), { list: [1], n: 1 }, 'what was patched')
      same(await store.session(b).getAll(), { n: 1 }, 'what was deleted from')
      const last = batch(store, [{ address: a, patch: { n: 3 } }])
      await store.close()
      same(await last, ok, 'a batch pending at close()')
      await refuses(() => batch(store, [{ address: a, patch: { n: 4 } }]), 'closed', 'batch() after close()')
    },
  },
  {
    row,
    name: 'a package that builds on the store can keep its own records, to which no limits or namespace rules apply',
    needs: ['batch', 'limits', 'explicit-namespaces'],
    sides,
    run: async ({ open }) => {
      const limits = { idLength: 4, properties: 2, documentLength: 20 }
      const store = await open({ limits, namespaces: 'explicit' })
      const address = { account: '', namespace: 'of a package', session: 's'.repeat(600), memo: undefined }
      const names = ['first', 'second', 'third']
      const values = Object.fromEntries(names.map((name) => [name, 'x'.repeat(20)]))
      const request = {
        changes: { names, values },
        removes: false,
        nests: false,
        expected: undefined,
        ttlSeconds: undefined,
        lengthBound: 200,
        isRecord: true,
      } as const
      const engine = engineOf(store)
      const write = { kind: 'patch', address, request } as const
      same(await engine.call<unknown>({}, true, (port) => port.batch?.([write])), undefined, 'the batch')
      const read = engine.call<Properties>({}, false, (port) => port.readProperties(address, undefined))
      same(await read, values, 'the record')
      await store.account('a').namespace('n').create()
      const own = store.account('a').namespace('n').session('s')
      await refuses(() => own.patch({ a: 1, b: 2, c: 3 }), 'too-large', 'a patch of a caller past a limit')
    },
  },
  {
    row,
    name: 'a random batch has the same effect as its writes one by one, or none',
    needs: ['batch', 'clock'],
    sides,
    run: async (context) => {
      const at = fc.constantFrom(a, b, elsewhere, { account: 'a', namespace: 'n' })
      const name = fc.constantFrom('x', '__proto__', 'constructor', '')
      const value = fc.constantFrom<Properties['x']>(0, null, 'text', [], { x: [1] })
      const entries = <T>(of: fc.Arbitrary<T>) =>
        fc.dictionary(name, of, { maxKeys: 3, noNullPrototype: true })
      const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 2 })
      const expected = optional(entries(fc.constantFrom<unknown>(absent, present, 0, null, { x: [1] })))
      const write = fc.oneof(
        fc.record({
          address: at,
          expected,
          patch: entries(fc.oneof(value, fc.constant(absent))),
          ttlSeconds: optional(fc.constantFrom(0, 5, 50)),
        }),
        fc.record({ address: at, expected, delete: fc.array(name, { maxLength: 3 }) }),
        fc.record({ address: at, expected, clear: fc.constant(true as const) }),
      ) as fc.Arbitrary<StoreWrite>
      const step = fc.record({
        writes: fc.array(write, { minLength: 1, maxLength: 5 }),
        seconds: fc.constantFrom(0, 0, 3, 60),
      })
      await checkRuns(context, row, fc.array(step, { maxLength: 8 }), async (steps) => {
        const [together, apart] = [await context.open(), await context.open()]
        for (const { writes, seconds } of steps) {
          advance(context.clock, seconds)
          const before = await everything(together)
          const result = await batch(together, writes)
          if (!result.ok) {
            same(await everything(together), before, 'what is stored after a batch that was refused')
            continue
          }
          for (const each of writes) same(await batch(apart, [each]), ok, `${show(each)} by itself`)
          same(await everything(together), await everything(apart), 'what is stored after a batch')
        }
      })
    },
  },
]
