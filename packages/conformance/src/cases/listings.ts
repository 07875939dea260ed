import { collect, holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { fill, hasNoDouble, numbered, walk } from '../listing-walk.ts'
import { advance } from '../test-clock.ts'

const row = 'listings'

/** The cases of the row "listings". */
export const listingCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'are complete, without repeats, in the same order each time, whatever the page size',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const store = await open()
      for (const count of [0, 1, 2, 7, 14, 15]) {
        const namespace = store.account('a').namespace(`of ${count}`)
        const ids = numbered(count)
        await fill(namespace, ids)
        const all = (await collect(namespace.sessions())).map(({ id }) => id)
        same([...all].sort(), [...ids].sort(), `sessions() of ${count}`)
        for (const limit of [1, 2, 7, 8, 15, 1000]) {
          same(await walk(namespace, limit), all, `listSessions() of ${count} by ${limit}`)
        }
      }
    },
  },
  {
    row,
    name: 'of several pages are complete; a page has 100 items by default',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const ids = numbered(205)
      await fill(namespace, ids)
      const all = (await collect(namespace.sessions())).map(({ id }) => id)
      same([...all].sort(), [...ids].sort(), 'sessions()')
      const first = await namespace.listSessions()
      same(first.items.length, 100, 'the items of the first page')
      const second = await namespace.listSessions({ cursor: first.cursor })
      same(second.items.length, 100, 'the items of the second page')
      const third = await namespace.listSessions({ cursor: second.cursor, limit: undefined })
      same(third.items.length, 5, 'the items of the third page')
      same(third.cursor, undefined, 'the cursor of the last page')
      const paged = [...first.items, ...second.items, ...third.items].map(({ id }) => id)
      same(paged, all, 'the pages together')
      same(
        (await namespace.listSessions({ limit: 1000 })).items.length,
        205,
        'the items of a page of up to 1000',
      )
    },
  },
  {
    row,
    name: 'return the same info for each session as info()',
    needs: ['session-listing', 'session-info', 'time-to-live', 'clock'],
    run: async ({ open, clock }) => {
      const namespace = (await open()).account('a').namespace('n')
      await namespace.session('plain').patch({ a: 1 })
      advance(clock, 1)
      await namespace.session('own').patch({ a: 1 }, { ttlSeconds: 60 })
      await namespace.session('empty').patch({}, { ttlSeconds: 60 })
      await namespace.create({ ttlSeconds: 100 })
      await namespace.session('of the namespace').patch({ a: 1 })
      const { items } = await namespace.listSessions()
      same(items.length, 4, 'the items of listSessions()')
      for (const item of items) same(item, await namespace.session(item.id).info(), `the item of ${item.id}`)
    },
  },
  {
    row,
    name: 'of namespaces return the same info as info(), for their account only',
    run: async ({ open }) => {
      const store = await open()
      const account = store.account('a')
      const names = Array.from({ length: 205 }, (_, index) => `n${index}`)
      await Promise.all(names.map((name) => account.namespace(name).create()))
      await store.account('b').namespace('of b').create()
      await store.account('a:').namespace('of a:').session().patch({ a: 1 })
      const infos = await collect(account.namespaces())
      same(infos.map(({ name }) => name).sort(), [...names].sort(), 'namespaces()')
      for (const info of infos.slice(0, 10))
        same(info, await account.namespace(info.name).info(), `the item of ${info.name}`)
      await account.namespace('n7').delete()
      const left = (await collect(account.namespaces())).map(({ name }) => name)
      same(
        left,
        infos.map(({ name }) => name).filter((name) => name !== 'n7'),
        'namespaces() after one was deleted',
      )
      same((await collect(store.account('c').namespaces())).length, 0, 'namespaces() of an unknown account')
    },
  },
  {
    row,
    name: 'of accounts return those that have a namespace',
    needs: ['accounts'],
    run: async ({ open }) => {
      const store = await open()
      const ids = Array.from({ length: 105 }, (_, index) => `account ${index}`)
      await Promise.all(ids.map((id) => store.account(id).namespace('n').create()))
      await store.account('patched').namespace('n').session().patch({})
      await store.account('read only').namespace('n').session().getAll()
      await store.account('account 7').namespace('m').create()
      await store.account('account 7').namespace('n').delete()
      await store.account('account 8').namespace('n').delete()
      const expected = [...ids.filter((id) => id !== 'account 8'), 'patched']
      const found = await collect(store.accounts())
      hasNoDouble(found, 'accounts()')
      same([...found].sort(), expected.sort(), 'accounts()')
      same(await collect(store.accounts()), found, 'accounts() once more')
      await store.account('account 7').namespace('m').delete()
      same(
        await collect(store.accounts()),
        found.filter((id) => id !== 'account 7'),
        'accounts() after a last namespace',
      )
    },
  },
  {
    row,
    name: 'accept a limit from 1 to 1000, and no other',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      await fill(namespace, numbered(3))
      for (const limit of [0, -1, 1.5, 1001, Number.NaN, Number.POSITIVE_INFINITY]) {
        await refuses(
          () => namespace.listSessions({ limit }),
          'invalid-option',
          `listSessions() with limit ${limit}`,
        )
      }
      same((await namespace.listSessions({ limit: 1 })).items.length, 1, 'the items of a page of 1')
    },
  },
  {
    row,
    name: 'accept the cursors they returned, and no other',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const store = await open()
      const namespace = store.account('a').namespace('n')
      const others = [
        store.account('a').namespace('m'),
        store.account('b').namespace('n'),
        store.account('an').namespace('n'),
        store.account('a').namespace('unknown'),
      ]
      for (const filled of [namespace, ...others.slice(0, 3)]) await fill(filled, numbered(5))
      const { cursor } = await namespace.listSessions({ limit: 2 })
      holds(cursor !== undefined && cursor !== '', 'a page that is not the last has no cursor')
      for (const other of others) {
        await refuses(
          () => other.listSessions({ cursor }),
          'invalid-option',
          'listSessions() with another’s cursor',
        )
      }
      for (const made of [
        '',
        'made up',
        '0',
        '2',
        's1',
        'null',
        `${cursor}x`,
        `x${cursor}`,
        cursor.slice(1),
        '\ud800',
      ]) {
        const what = `listSessions() with the cursor ${JSON.stringify(made)}`
        await refuses(() => namespace.listSessions({ cursor: made }), 'invalid-option', what)
      }
      const once = await namespace.listSessions({ cursor, limit: 3 })
      same(await namespace.listSessions({ cursor, limit: 3 }), once, 'listSessions() with one cursor twice')
      same(once.items.length, 3, 'the items behind the cursor')
    },
  },
  {
    row,
    name: 'refuse the cursor of a listing whose names are the same when joined',
    needs: ['session-listing'],
    run: async ({ open }) => {
      const store = await open()
      const listings = [
        ['a', 'nn'],
        ['an', 'n'],
        ['ann', 'x'],
        ['an', 'nx'],
      ].map(([account = '', name = '']) => store.account(account).namespace(name))
      for (const listing of listings) await fill(listing, numbered(5))
      for (const given of listings) {
        const { cursor } = await given.listSessions({ limit: 2 })
        for (const other of listings) {
          if (other === given) continue
          const list = (): Promise<unknown> => other.listSessions({ cursor })
          await refuses(list, 'invalid-option', 'listSessions() with the cursor of another listing')
        }
      }
    },
  },
]
