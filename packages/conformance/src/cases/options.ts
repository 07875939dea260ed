import { collect, fails, holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'

const row = 'options'

/** Options that no method has, misspelt options, and values that are not an options object. */
const wrongOptions: readonly unknown[] = [
  { ttl: 60 },
  { ttlSecond: 60 },
  { ttlSeconds: 60, ttlseconds: 60 },
  { ttlSeconds: undefined, unknown: undefined },
  60,
  'ttlSeconds',
  null,
  [60],
]

/** The cases of the row "options". */
export const optionCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'that a session’s writes do not have are refused, and nothing is written',
    run: async ({ open, can }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      for (const wrong of wrongOptions) {
        // An untyped program can pass these.
        const options = wrong as object
        const what = `with the options ${show(wrong)}`
        await refuses(() => session.patch({ a: 1 }, options), 'invalid-option', `patch() ${what}`)
        if (!can('conditions')) continue
        let calls = 0
        const change = (): { a: number } => ({ a: ++calls })
        await refuses(() => session.patchIf({}, { a: 1 }, options), 'invalid-option', `patchIf() ${what}`)
        await refuses(() => session.update(['a'], change, options), 'invalid-option', `update() ${what}`)
        same(calls, 0, `how often update() ${what} calls change`)
      }
      same(await session.getAll(), {}, 'getAll()')
      same(await namespace.info(), undefined, 'namespace.info()')
    },
  },
  {
    row,
    name: 'that create() does not have are refused, and nothing is created',
    run: async ({ open }) => {
      const account = (await open()).account('a')
      const namespace = account.namespace('n')
      for (const wrong of wrongOptions) {
        const what = `create() with the options ${show(wrong)}`
        await refuses(() => namespace.create(wrong as object), 'invalid-option', what)
      }
      same(await namespace.info(), undefined, 'namespace.info()')
      same(await collect(account.namespaces()), [], 'namespaces()')
    },
  },
  {
    row,
    name: 'that a listing does not have are refused',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      await namespace.session('s').patch({ a: 1 })
      for (const wrong of [{ size: 1 }, { limits: 1 }, { cursor: undefined, Limit: 1 }, 1, null, 'all', []]) {
        const what = `listSessions() with the options ${show(wrong)}`
        await refuses(() => namespace.listSessions(wrong as object), 'invalid-option', what)
      }
      for (const wrong of [{ property: true }, { properties: true, limit: 1 }, 1, null, 'all', []]) {
        const options = wrong as { readonly properties: true }
        const what = `sessions() with the options ${show(wrong)}`
        await fails(() => collect(namespace.sessions(options)), 'invalid-option', what)
      }
    },
  },
  {
    row,
    name: 'that a store does not have are refused when it is created',
    sides: 'once',
    run: async ({ open }) => {
      const unknown: readonly object[] = [{ namespace: 'explicit' }, { nows: () => 0 }, { ttlSeconds: 60 }]
      for (const wrong of unknown) {
        await fails(
          () => open(wrong),
          'invalid-option',
          `a store with the options ${show(Object.keys(wrong))}`,
        )
      }
    },
  },
  {
    row,
    name: 'of a store with an invalid value are refused when it is created',
    needs: ['limits', 'explicit-namespaces'],
    sides: 'once',
    run: async ({ open }) => {
      const wrong: readonly object[] = [
        { namespaces: 'explict' },
        { limits: { length: 10 } },
        { limits: { depth: 0 } },
        { limits: { idLength: 513 } },
        { limits: { properties: 1.5 } },
        { limits: { documentLength: '1000' } },
        { limits: 10 },
      ]
      for (const options of wrong) {
        await fails(() => open(options), 'invalid-option', `a store with the options ${show(options)}`)
      }
    },
  },
  {
    row,
    name: 'may be undefined, and so may their members',
    run: async ({ open, can }) => {
      const namespace = (await open({ namespaces: undefined })).account('a').namespace('n')
      await namespace.create(undefined)
      await namespace.create({ ttlSeconds: undefined })
      await namespace.session('s').patch({ a: 1 }, undefined)
      await namespace.session('s').patch({ b: 2 }, { ttlSeconds: undefined })
      same(await namespace.session('s').getAll(), { a: 1, b: 2 }, 'getAll()')
      if (!can('session-listing')) return
      const options = { cursor: undefined, limit: undefined, properties: undefined } as object
      const { items } = await namespace.listSessions(options)
      same(items.length, 1, 'the items of listSessions()')
      holds(
        items.every((item) => !('properties' in item)),
        'listSessions() returns properties that were not requested',
      )
    },
  },
]
