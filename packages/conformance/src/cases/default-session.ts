import { collect, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'

const row = '__default__'

/** The cases of the row "`__default__`". */
export const defaultSessionCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'is the session if no id is given, and giving this id is the same session',
    run: async ({ open }) => {
      const store = await open()
      const namespace = store.account('577089').namespace('orders')
      const handles = [
        namespace.session(),
        namespace.session('__default__'),
        store.session({ account: '577089', namespace: 'orders' }),
        store.session({ account: '577089', namespace: 'orders', session: undefined }),
        store.session({ account: '577089', namespace: 'orders', session: '__default__' }),
      ]
      const address = { account: '577089', namespace: 'orders', session: '__default__' }
      for (const [index, handle] of handles.entries()) {
        same(handle.address, address, 'address')
        await handle.patch({ [`by ${index}`]: index })
      }
      const all = Object.fromEntries(handles.map((_, index) => [`by ${index}`, index]))
      for (const handle of handles) same(await handle.getAll(), all, 'getAll()')
      same(await namespace.session('other').getAll(), {}, 'getAll() of another session')
    },
  },
  {
    row,
    name: 'is listed once',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const namespace = (await open()).account('577089').namespace('orders')
      await namespace.session().patch({ a: 1 })
      await namespace.session('__default__').patch({ b: 2 })
      const sessions = await collect(namespace.sessions())
      same(
        sessions.map(({ id }) => id),
        ['__default__'],
        'sessions()',
      )
    },
  },
]
