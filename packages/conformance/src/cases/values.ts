import type { ContextStore, JsonValue, Namespace, Session } from '@context-store/core'
import { holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'
import { hostileValues, nested, type RefusedValue, refusedLeaves, refusedWholes } from '../hostile-values.ts'

const row = 'values'

/** A session that accepts values of any type, as an untyped program can pass them. */
function untyped(store: ContextStore): {
  readonly namespace: Namespace<object>
  readonly session: Session<{ [name: string]: unknown }>
} {
  const account = store.account('577089')
  return {
    namespace: account.namespace('orders'),
    session: account.namespace<{ [name: string]: unknown }>('orders').session('one'),
  }
}

/** Fails unless a call is refused with `invalid-value` and a path that `isRight`. */
async function refusesValue(
  call: () => Promise<unknown>,
  what: string,
  isRight: (path: string) => boolean,
): Promise<void> {
  const error = await refuses(call, 'invalid-value', what)
  const path: unknown = Reflect.get(error, 'path')
  holds(typeof path === 'string' && isRight(path), `${what}: the error's path is ${show(path)}`)
}

/** Fails unless a value is refused by every call that takes one, and nothing is written. */
async function isRefused(
  store: ContextStore,
  { what, make }: RefusedValue,
  isLeaf: boolean,
  conditions: boolean,
): Promise<void> {
  const { namespace, session } = untyped(store)
  const at = (path: string) => (found: string) => (isLeaf ? found === path : found.startsWith(path))
  await refusesValue(() => session.patch({ good: 1, p: make() }), `patch() of ${what}`, at('p'))
  await refusesValue(
    () => session.patch({ p: { in: make() } }),
    `patch() of ${what} in an object`,
    at('p.in'),
  )
  await refusesValue(
    () => session.patch({ p: [0, make()], good: 1 }),
    `patch() of ${what} in an array`,
    at('p[1]'),
  )
  const deep = { q: [{ items: [0, 0, { at: make() }] }] }
  await refusesValue(() => session.patch(deep), `patch() of ${what}, deep`, at('q[0].items[2].at'))
  if (conditions) {
    await refusesValue(() => session.patchIf({ p: make() }, { a: 1 }), `patchIf() on ${what}`, at('p'))
    await refusesValue(() => session.patchIf({}, { p: make() }), `patchIf() of ${what}`, at('p'))
    await refusesValue(() => session.update(['p'], () => ({ p: make() })), `update() to ${what}`, at('p'))
  }
  same(await session.getAll(), {}, `getAll() after a refused ${what}`)
  holds((await namespace.info()) === undefined, `${what}, refused, created the namespace`)
}

/** The cases of the row "values". */
export const valueCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'are read as they were written',
    run: async ({ openSession }) => {
      const session = await openSession()
      for (const [index, value] of hostileValues.entries()) {
        const depth = index === hostileValues.length - 1 ? 'deepest' : 'nested'
        const properties: { [name: string]: JsonValue } = { p: value }
        if (depth === 'nested')
          Object.assign(properties, { inObject: { in: value }, inArray: [value, value] })
        await session.patch(properties)
        same(await session.get('p'), value, 'get()')
        same(await session.getAll(), properties, 'getAll()')
        same(await session.getMany(['p', 'inArray']), without(properties, 'inObject'), 'getMany()')
        await session.clear()
      }
    },
  },
  {
    row,
    name: 'written together are read as they were written',
    run: async ({ openSession }) => {
      const session = await openSession()
      const properties = Object.fromEntries(hostileValues.map((value, index) => [`p${index}`, value]))
      await session.patch(properties)
      same(await session.getAll(), properties, 'getAll()')
    },
  },
  {
    row,
    name: '-0 becomes 0',
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ p: -0, q: [-0, { r: -0 }] })
      same(await session.getAll(), { p: 0, q: [0, { r: 0 }] }, 'getAll()')
      same(await session.get('p'), 0, 'get()')
    },
  },
  {
    row,
    name: 'can be nested 100 deep',
    run: async ({ openSession }) => {
      const session = await openSession()
      for (const value of [nested(100), nested(99)]) {
        await session.patch({ p: value })
        same(await session.get('p'), value, 'get()')
      }
    },
  },
  {
    row,
    name: 'can be nested as deep as the option allows',
    needs: ['limits'],
    run: async ({ openSession }) => {
      const session = await openSession({ limits: { depth: 2 } })
      await session.patch({ p: [[], {}, 1], q: { r: { s: 1 } } })
      await refuses(() => session.patch({ p: [[[]]] }), 'invalid-value', 'patch() of a value 3 deep')
      await refuses(
        () => session.patch({ p: { q: { r: {} } } }),
        'invalid-value',
        'patch() of a value 3 deep',
      )
      same(await session.getAll(), { p: [[], {}, 1], q: { r: { s: 1 } } }, 'getAll()')
    },
  },
  {
    row,
    name: 'lose nested members that are undefined',
    run: async ({ open }) => {
      const { session } = untyped(await open())
      await session.patch({ p: { a: undefined, b: 1, c: { d: undefined } }, q: [{ e: undefined }] })
      same(await session.getAll(), { p: { b: 1, c: {} }, q: [{}] }, 'getAll()')
    },
  },
  {
    row,
    name: 'may be objects without a prototype, or frozen, and one object twice',
    run: async ({ openSession }) => {
      const session = await openSession()
      const bare: { [name: string]: JsonValue } = Object.assign(Object.create(null), { a: 1 })
      const shared = Object.freeze({ x: Object.freeze({ y: 1 }) })
      await session.patch(Object.assign(Object.create(null), { bare, one: shared, two: [shared, shared] }))
      same(await session.getAll(), { bare: { a: 1 }, one: shared, two: [shared, shared] }, 'getAll()')
    },
  },
  {
    row,
    name: 'that JSON would lose are refused with their path, and nothing is written',
    run: async ({ open, can }) => {
      const store = await open()
      for (const value of refusedLeaves) await isRefused(store, value, true, can('conditions'))
    },
  },
  {
    row,
    name: 'that contain something JSON would lose are refused, and nothing is written',
    run: async ({ open, can }) => {
      const store = await open()
      for (const value of refusedWholes) await isRefused(store, value, false, can('conditions'))
    },
  },
  {
    row,
    name: 'that are refused change nothing',
    run: async ({ open }) => {
      const { session } = untyped(await open())
      await session.patch({ p: 1, q: { r: 2 } })
      for (const { what, make } of [...refusedLeaves, ...refusedWholes]) {
        await refuses(
          () => session.patch({ a: 1, p: make(), q: 3, z: 1 }),
          'invalid-value',
          `patch() of ${what}`,
        )
        same(await session.getAll(), { p: 1, q: { r: 2 } }, `getAll() after a refused ${what}`)
      }
    },
  },
  {
    row,
    name: 'in a patch that is not a plain object, or has a symbol key, are refused',
    run: async ({ open }) => {
      const { namespace, session } = untyped(await open())
      const map: object = new Map([['p', 1]])
      for (const patch of [
        { p: 1, [Symbol('s')]: 1 },
        Object.assign([1], {}),
        map,
        Object.create({ p: 1 }),
      ]) {
        await refuses(() => session.patch(patch), 'invalid-value', `patch() of ${show(patch)}`)
      }
      holds((await namespace.info()) === undefined, 'a refused patch created the namespace')
    },
  },
  {
    row,
    name: 'that are undefined are refused in a condition',
    needs: ['conditions'],
    run: async ({ open }) => {
      const { namespace, session } = untyped(await open())
      const forgotten = { p: 1, q: undefined }
      await refusesValue(
        () => session.patchIf(forgotten, { a: 1 }),
        'patchIf() on undefined',
        (path) => path === 'q',
      )
      holds((await namespace.info()) === undefined, 'a refused condition created the namespace')
    },
  },
]

function without(properties: { [name: string]: JsonValue }, name: string): { [name: string]: JsonValue } {
  return Object.fromEntries(Object.entries(properties).filter(([own]) => own !== name))
}
