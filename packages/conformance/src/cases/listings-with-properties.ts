import type { JsonValue, Namespace, Properties, SessionInfoWithProperties } from '@context-store/core'
import { collect, fails, holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'
import { hostileNames } from '../hostile-names.ts'
import { hostileValues } from '../hostile-values.ts'
import { hasNoDouble, numbered } from '../listing-walk.ts'
import { advance } from '../test-clock.ts'

const row = 'listings'
const needs = ['session-listing'] as const

type Wanted = true | readonly string[]

/** The properties that a listing returns for each session, by id. */
function byId(items: readonly SessionInfoWithProperties[]): { [id: string]: Partial<Properties> } {
  hasNoDouble(
    items.map(({ id }) => id),
    'a listing with properties',
  )
  return Object.fromEntries(items.map(({ id, properties }) => [id, properties]))
}

/** Walks a listing with properties, page by page. */
async function pages(
  namespace: Namespace,
  properties: Wanted,
  limit: number,
): Promise<SessionInfoWithProperties[][]> {
  const all: SessionInfoWithProperties[][] = []
  let cursor: string | undefined
  do {
    const page = await namespace.listSessions({ properties, limit, cursor })
    holds(page.items.length <= limit, `a page has ${page.items.length} items, limit ${limit}`)
    all.push([...page.items])
    cursor = page.cursor
    holds(all.length < 1000, 'a listing does not end')
  } while (cursor !== undefined)
  return all
}

/** The cases of the row "listings" with `properties`. */
export const listingsWithPropertiesCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'with properties return all of each session, or the named ones that exist',
    needs,
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const stored: { [id: string]: Properties } = {
        one: { a: 1, b: { c: [null, 'x'] }, d: null },
        two: { b: [], e: 'é' },
        three: { z: 0 },
      }
      for (const [id, properties] of Object.entries(stored)) await namespace.session(id).patch(properties)
      const listings: readonly (readonly [Wanted, { [id: string]: Properties }])[] = [
        [true, stored],
        [['b'], { one: { b: { c: [null, 'x'] } }, two: { b: [] }, three: {} }],
        [['d', 'a', 'never', 'd'], { one: { a: 1, d: null }, two: {}, three: {} }],
        [['never', 'constructor', '__proto__'], { one: {}, two: {}, three: {} }],
        [[], { one: {}, two: {}, three: {} }],
      ]
      for (const [properties, expected] of listings) {
        const what = `with properties ${show(properties)}`
        same(byId(await collect(namespace.sessions({ properties }))), expected, `sessions() ${what}`)
        const page = await namespace.listSessions({ properties })
        same(byId(page.items), expected, `listSessions() ${what}`)
        same(page.cursor, undefined, `the cursor of listSessions() ${what}`)
      }
    },
  },
  {
    row,
    name: 'with properties return every value and name unchanged',
    needs,
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const values = Object.fromEntries(hostileValues.map((value, index) => [`p${index}`, value]))
      const names = Object.fromEntries(hostileNames.map((name, index): [string, JsonValue] => [name, index]))
      await namespace.session('values').patch(values)
      await namespace.session('names').patch(names)
      const all = byId(await collect(namespace.sessions({ properties: true })))
      same(all, { values, names }, 'sessions() with all properties')
      const named = byId((await namespace.listSessions({ properties: hostileNames })).items)
      same(named, { values: {}, names }, 'listSessions() with hostile names')
    },
  },
  {
    row,
    name: 'with properties return the same info for each session as without',
    needs: ['session-listing', 'time-to-live'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      await namespace.create({ ttlSeconds: 1000 })
      await namespace.session('own').patch({ a: 1 }, { ttlSeconds: 100 })
      await namespace.session('empty').patch({}, { ttlSeconds: 100 })
      await namespace.session('for ever').patch({ a: 1 }, { ttlSeconds: 0 })
      await namespace.session('of the namespace').patch({ a: 1, b: 2 })
      const infos = await collect(namespace.sessions())
      for (const properties of [true, ['a']] as const) {
        const listed = await collect(namespace.sessions({ properties }))
        same(listed.map(withoutProperties), infos, 'sessions() with properties, but for these')
        same(byId(listed).empty, {}, 'the properties of an empty session')
      }
      const page = await namespace.listSessions({ properties: true, limit: 2 })
      same(
        page.items.map(withoutProperties),
        infos.slice(0, 2),
        'listSessions() with properties, but for these',
      )
    },
  },
  {
    row,
    name: 'with properties have the same pages and cursors as without',
    needs,
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const ids = numbered(23)
      await Promise.all(ids.map((id, index) => namespace.session(id).patch({ id, list: [index] })))
      const order = (await collect(namespace.sessions())).map(({ id }) => id)
      for (const limit of [1, 7, 23, 1000]) {
        const items = (await pages(namespace, true, limit)).flat()
        same(
          items.map(({ id }) => id),
          order,
          `the pages by ${limit}`,
        )
        for (const { id, properties } of items) {
          same(properties, { id, list: [ids.indexOf(id)] }, `the properties of ${id}`)
        }
      }
      const first = await namespace.listSessions({ limit: 5 })
      const second = await namespace.listSessions({ limit: 5, cursor: first.cursor, properties: ['id'] })
      const third = await namespace.listSessions({ limit: 1000, cursor: second.cursor })
      const paged = [...first.items, ...second.items, ...third.items]
      same(
        paged.map(({ id }) => id),
        order,
        'pages with properties and without, in turn',
      )
    },
  },
  {
    row,
    name: 'with properties end a page early beyond 4,000,000 characters, and are complete',
    needs,
    run: async ({ open, documentLength }) => {
      const namespace = (await open()).account('a').namespace('n')
      const text = 'x'.repeat(documentLength - 100)
      const count = Math.ceil(4_000_000 / text.length) + 3
      const ids = numbered(count)
      for (const id of ids) await namespace.session(id).patch({ id, text })
      const expected = Object.fromEntries(ids.map((id) => [id, { id, text }]))
      const [first = [], ...rest] = await pages(namespace, true, Math.min(1000, count))
      holds(first.length < count, `a page holds ${first.length} sessions of ${text.length} characters`)
      // An engine need only stop once it has read too much.
      holds(first.length > 0, 'the first page is empty')
      same(byId([...first, ...rest.flat()]), expected, 'the pages together')
      same(byId(await collect(namespace.sessions({ properties: true }))), expected, 'sessions()')
      const named = byId(await collect(namespace.sessions({ properties: ['id'] })))
      same(named, Object.fromEntries(ids.map((id) => [id, { id }])), 'sessions() with a short property')
    },
  },
  {
    row,
    name: 'with properties return copies',
    needs,
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const stored = (): Properties => ({ cart: { items: [1, { a: 1 }] } })
      await namespace.session('s').patch(stored())
      for (const properties of [true, ['cart']] as const) {
        for (let round = 0; round < 2; round++) {
          const { items } = await namespace.listSessions({ properties })
          const [given] = [...items, ...(await collect(namespace.sessions({ properties })))]
          same(given?.properties, stored(), 'the properties in a listing')
          const { cart } = given?.properties ?? {}
          holds(typeof cart === 'object' && cart !== null && !Array.isArray(cart), 'the cart is an object')
          holds(Array.isArray(cart.items), 'the items of the cart are an array')
          cart.items.push('altered')
          cart.altered = true
          holds(cart.items.length === 3 && cart.altered, 'what a listing gave cannot be altered')
        }
      }
      same(await namespace.session('s').getAll(), stored(), 'getAll()')
    },
  },
  {
    row,
    name: 'with properties leave out expired sessions',
    needs: ['session-listing', 'time-to-live', 'clock'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      const ids = numbered(12)
      for (const [index, id] of ids.entries()) {
        await namespace.session(id).patch({ id }, { ttlSeconds: index % 3 === 0 ? 0 : 60 })
      }
      advance(clock, 60)
      const stays = ids.filter((_, index) => index % 3 === 0)
      const expected = Object.fromEntries(stays.map((id) => [id, { id }]))
      same(byId(await collect(namespace.sessions({ properties: true }))), expected, 'sessions()')
      same(byId((await pages(namespace, ['id'], 3)).flat()), expected, 'listSessions()')
    },
  },
  {
    row,
    name: 'accept true or names for properties, and nothing else',
    needs,
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      await namespace.session('s').patch({ a: 1 })
      const wrong: readonly (readonly ['invalid-option' | 'invalid-address', unknown])[] = [
        ['invalid-option', false],
        ['invalid-option', null],
        ['invalid-option', 'a'],
        ['invalid-option', { a: true }],
        ['invalid-address', [1]],
        ['invalid-address', ['a', '\ud800']],
      ]
      for (const [code, properties] of wrong) {
        const options = { properties } as { readonly properties: true }
        const what = `with properties ${show(properties)}`
        await refuses(() => namespace.listSessions(options), code, `listSessions() ${what}`)
        await fails(() => collect(namespace.sessions(options)), code, `sessions() ${what}`)
      }
    },
  },
]

function withoutProperties({ properties: _, ...info }: SessionInfoWithProperties): unknown {
  return info
}
