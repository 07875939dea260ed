import { absent, type Session } from '@context-store/core'
import { collect, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'

const row = 'order of effects'
const ok = { ok: true }

/** A stored value, and a condition that holds although its members are in another order, so that the texts differ. */
const stored = { lock: { by: 'me', at: 1 }, step: 0 }
const reordered = { lock: { at: 1, by: 'me' } }

/** The cases of the row "order of effects" for calls that take several steps, and calls on namespaces. */
export const orderOfCallsCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'a patchIf() keeps its place, even if the members in its condition have another order than stored',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch(stored)
      const first = [session.patchIf(reordered, { step: 1 }), session.patch({ step: 2 }), session.get('step')]
      same(await Promise.all(first), [ok, undefined, 2], 'patchIf(), patch() and get()')
      await session.patch(stored)
      const second = [
        session.patchIf(reordered, { won: true }),
        session.patch({ lock: 'other' }),
        session.patchIf(reordered, { won: false }),
        session.getAll(),
      ]
      const lost = { ok: false, current: { lock: 'other' } }
      const all = { lock: 'other', step: 0, won: true }
      same(
        await Promise.all(second),
        [ok, undefined, lost, all],
        'patchIf(), patch(), patchIf() and getAll()',
      )
    },
  },
  {
    row,
    name: 'a clearIf() keeps its place, even if the members in its condition have another order than stored',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch(stored)
      const calls = [session.clearIf(reordered), session.patch({ step: 2 }), session.getAll()]
      same(await Promise.all(calls), [ok, undefined, { step: 2 }], 'clearIf(), patch() and getAll()')
    },
  },
  {
    row,
    name: 'updates, conditions, patches and reads of one session take effect in the order of the calls',
    needs: ['conditions'],
    run: async ({ open }) => {
      const store = await open()
      const address = { account: 'a', namespace: 'n', session: 's' }
      const add = (session: Session): Promise<unknown> =>
        session.update(['n'], ({ n = 0 }) => ({ n: Number(n) + 1 }))
      for (let round = 0; round < 5; round++) {
        const kept = store.session(address)
        const answers = await Promise.all([
          kept.patch({ n: 0, x: 'first' }),
          add(kept),
          store.session(address).get('n'),
          kept.patch({ x: 'second' }),
          add(store.session(address)),
          kept.patchIf({ n: 2, x: 'second' }, { x: 'third' }),
          kept.getAll(),
          kept.patch({ n: 10 }),
          add(kept),
          kept.delete('x'),
          kept.patchIf({ n: 11, x: absent }, { x: 'last' }),
          add(kept),
          kept.getAll(),
          kept.clear(),
          add(kept),
          kept.getAll(),
        ])
        const expected = [
          ...[undefined, { n: 1 }, 1, undefined, { n: 2 }, ok, { n: 2, x: 'third' }],
          ...[undefined, { n: 11 }, undefined, ok, { n: 12 }, { n: 12, x: 'last' }],
          ...[undefined, { n: 1 }, { n: 1 }],
        ]
        same(answers, expected, 'what the calls give')
        await kept.clear()
      }
    },
  },
  {
    row,
    name: 'creating or deleting a namespace takes effect for every later call, awaited or not',
    run: async ({ open }) => {
      const account = (await open()).account('a')
      const namespace = account.namespace('n')
      const session = namespace.session('s')
      const nameOf = async (): Promise<string | undefined> => (await namespace.info())?.name
      const namesOf = async (): Promise<string[]> =>
        (await collect(account.namespaces())).map(({ name }) => name)
      const given = async (calls: readonly Promise<unknown>[]): Promise<unknown> =>
        (await Promise.all(calls)).filter((answer) => answer !== undefined)

      const created = [namespace.create(), session.getAll(), nameOf(), namesOf()]
      same(await given(created), [{}, 'n', ['n']], 'what calls behind create() give')
      const deleted = [session.patch({ a: 1 }), namespace.delete(), session.getAll(), nameOf(), namesOf()]
      same(await given(deleted), [{}, []], 'what calls behind delete() give')
      const patched = [session.patch({ b: 2 }), session.getAll(), nameOf(), namesOf()]
      same(await given(patched), [{ b: 2 }, 'n', ['n']], 'what calls behind patch() give')
      const renewed = [namespace.delete(), namespace.create(), session.getAll(), nameOf(), namesOf()]
      same(await given(renewed), [{}, 'n', ['n']], 'what calls behind delete() and create() give')
      const alternating = [
        session.patch({ a: 1 }),
        namespace.delete(),
        session.patch({ b: 2 }),
        session.getAll(),
        namespace.delete(),
        session.patch({ c: 3 }),
        session.getAll(),
      ]
      same(await given(alternating), [{ b: 2 }, { c: 3 }], 'what patches and deletions in turn leave')
    },
  },
  {
    row,
    name: 'a listing sees every earlier write, awaited or not',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const [a, b, c] = ['a', 'b', 'c'].map((id) => namespace.session(id))
      const listings = async (): Promise<unknown[]> => {
        const paged = namespace.listSessions({ properties: ['step'] })
        const ids = (await collect(namespace.sessions())).map(({ id }) => id).sort()
        const steps = (await paged).items.map(({ id, properties }) => [id, properties.step])
        return [ids, Object.fromEntries(steps)]
      }
      const rounds: readonly (readonly [unknown, () => readonly (Promise<unknown> | undefined)[]])[] = [
        [{ a: 1, b: 1 }, () => [a?.patch({ step: 1 }), b?.patch({ step: 1 })]],
        [{ a: 2 }, () => [b?.clear(), a?.patch({ step: 2 })]],
        [{}, () => [a?.patch({ step: 3 }), namespace.delete()]],
        [{ c: 4 }, () => [a?.patch({ step: 3 }), namespace.delete(), c?.patch({ step: 4 })]],
      ]
      for (const [steps, write] of rounds) {
        const written = write()
        const [ids, found] = await listings()
        await Promise.all(written)
        same(found, steps, 'listSessions() behind writes that were not awaited')
        same(ids, Object.keys(Object(steps)), 'sessions() behind writes that were not awaited')
      }
    },
  },
  {
    row,
    name: 'a listing of accounts sees every earlier write, awaited or not',
    needs: ['accounts'],
    run: async ({ open }) => {
      const store = await open()
      const accounts = async (): Promise<string[]> => (await collect(store.accounts())).sort()
      const begun = [
        store.account('a').namespace('n').create(),
        store.session({ account: 'b', namespace: 'n' }).patch({ a: 1 }),
        accounts(),
      ]
      same((await Promise.all(begun))[2], ['a', 'b'], 'accounts() behind create() and patch()')
      const deleted = store.account('a').namespace('n').delete()
      same(await accounts(), ['b'], 'accounts() behind delete()')
      await deleted
    },
  },
]
