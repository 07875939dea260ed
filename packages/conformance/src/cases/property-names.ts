import { absent, type JsonValue, type Session } from '@context-store/core'
import { holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { hostileNames, illFormedNames, longestNames, lookAlikes, pathlessNames } from '../hostile-names.ts'

const row = 'property names'

/** Writes, reads and removes each name, alone and together with the others. */
async function areNames(session: Session, names: readonly string[]): Promise<void> {
  const all = Object.fromEntries(names.map((name, index): [string, JsonValue] => [name, { index }]))
  for (const [name, value] of Object.entries(all)) await session.patch(Object.fromEntries([[name, value]]))
  same(await session.getAll(), all, 'getAll()')
  same(await session.getMany(names), all, 'getMany()')
  await session.patch(all)
  same(await session.getAll(), all, 'getAll() after one patch of them all')
  for (const [index, name] of names.entries()) {
    same(await session.get(name), { index }, `get() of ${JSON.stringify(name)}`)
    await session.delete(name)
    same(await session.get(name), undefined, `get() of ${JSON.stringify(name)} after its delete()`)
    delete all[name]
    if (index % 16 === 0)
      same(await session.getAll(), all, `getAll() after delete() of ${JSON.stringify(name)}`)
  }
  same(await session.getAll(), {}, 'getAll() after delete() of every name')
}

const inherited = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf', '__defineGetter__']

/** The cases of the row "property names". */
export const propertyNameCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'may be any well-formed Unicode',
    run: async ({ openSession }) => areNames(await openSession(), [...hostileNames, 'properties']),
  },
  {
    row,
    name: 'that look alike are different',
    run: async ({ openSession }) => areNames(await openSession(), [...new Set(lookAlikes.flat())]),
  },
  {
    row,
    name: 'may be empty, or dots',
    needs: ['path-names'],
    run: async ({ openSession }) => areNames(await openSession(), ['', ' ', '""', ...pathlessNames]),
  },
  {
    row,
    name: 'have up to 512 UTF-16 units',
    run: async ({ openSession }) => areNames(await openSession(), longestNames),
  },
  {
    row,
    name: 'that every object inherits do not exist until they are written',
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1 })
      for (const name of inherited) same(await session.get(name), undefined, `get() of ${name}`)
      same(await session.getMany(inherited), {}, 'getMany()')
      await session.delete(inherited)
      same(await session.getAll(), { a: 1 }, 'getAll()')
    },
  },
  {
    row,
    name: 'that every object inherits are `absent` in a condition until they are written',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      const absence = Object.fromEntries<typeof absent>(inherited.map((name) => [name, absent]))
      same(await session.patchIf(absence, { a: 1 }), { ok: true }, 'patchIf() of their absence')
      for (const name of inherited) {
        const lost = await session.patchIf(Object.fromEntries([[name, {}]]), { a: 2 })
        same(lost, { ok: false, current: {} }, `patchIf() of ${name} being {}`)
      }
      await session.update(inherited, (current) => {
        same(current, {}, 'what update() gives')
        return undefined
      })
    },
  },
  {
    row,
    name: 'cannot pollute the prototype of a result',
    run: async ({ openSession }) => {
      const session = await openSession()
      const properties = Object.fromEntries([
        ['__proto__', { polluted: true }],
        ['constructor', { prototype: 1 }],
      ])
      await session.patch(properties)
      const results = [await session.getAll(), await session.getMany(['__proto__', 'constructor'])]
      for (const result of results) {
        same(result, properties, 'a result')
        same(Reflect.get(result, 'polluted'), undefined, 'a member that was never written')
      }
      same(Reflect.get({}, 'polluted'), undefined, 'a member of every object')
      same(await session.get('polluted'), undefined, 'a property that was never written')
    },
  },
  {
    row,
    name: 'given twice count once',
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1, b: 2, c: 3 })
      same(await session.getMany(['a', 'b', 'a']), { a: 1, b: 2 }, 'getMany()')
      same(await session.getMany([]), {}, 'getMany() of no name')
      await session.delete(['a', 'a', 'b'])
      same(await session.getAll(), { c: 3 }, 'getAll()')
      await session.delete([])
      same(await session.getAll(), { c: 3 }, 'getAll() after delete() of no name')
    },
  },
  {
    row,
    name: 'that are invalid are refused, and nothing is written',
    run: async ({ open, can }) => {
      const store = await open()
      const namespace = store.account('577089').namespace('orders')
      const session = namespace.session('one')
      for (const name of ['n'.repeat(513), ...illFormedNames]) {
        const what = `the name ${JSON.stringify(name.slice(0, 16))}`
        await refuses(() => session.patch({ a: 1, [name]: 1 }), 'invalid-address', `patch() of ${what}`)
        await refuses(() => session.get(name), 'invalid-address', `get() of ${what}`)
        await refuses(() => session.getMany(['a', name]), 'invalid-address', `getMany() of ${what}`)
        await refuses(() => session.delete(name), 'invalid-address', `delete() of ${what}`)
        await refuses(
          () => session.delete(['a', name]),
          'invalid-address',
          `delete() of several with ${what}`,
        )
        if (!can('conditions')) continue
        await refuses(
          () => session.patchIf({ [name]: 1 }, { a: 1 }),
          'invalid-address',
          `patchIf() on ${what}`,
        )
        await refuses(() => session.patchIf({}, { [name]: 1 }), 'invalid-address', `patchIf() of ${what}`)
        await refuses(
          () => session.update([name], () => ({ a: 1 })),
          'invalid-address',
          `update() of ${what}`,
        )
        await refuses(
          () => session.update(['a'], () => ({ [name]: 1 })),
          'invalid-address',
          `update() to ${what}`,
        )
      }
      same(await session.getAll(), {}, 'getAll()')
      holds((await namespace.info()) === undefined, 'a refused name created the namespace')
    },
  },
]
