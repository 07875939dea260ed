import type { ContextStore } from '@context-store/core'
import { collect, same, throwsCode } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import {
  collidingAddresses,
  hostileNames,
  illFormedNames,
  longestNames,
  lookAlikes,
  pathlessNames,
} from '../hostile-names.ts'

const row = 'identifiers'

type Triple = readonly [account: string, namespace: string, session: string]

/** Writes to each address, and checks that each then has what was written there and nothing else. */
async function staysApart(store: ContextStore, triples: readonly Triple[]): Promise<void> {
  const sessions = triples.map(([account, namespace, session]) =>
    store.session({ account, namespace, session }),
  )
  await Promise.all(sessions.map((session, index) => session.patch({ index, [`only ${index}`]: true })))
  for (const [index, session] of sessions.entries()) {
    const found = await session.getAll()
    same(found, { index, [`only ${index}`]: true }, `session ${JSON.stringify(triples[index])}`)
  }
}

/** Each name as an account, as a namespace and as a session, with plain names for the other two. */
function inEachPosition(names: readonly string[]): Triple[] {
  return [...new Set(names)].flatMap((name): Triple[] => [
    [name, 'plain n', 'plain s'],
    ['plain a', name, 'plain s'],
    ['plain a', 'plain n', name],
  ])
}

/** Fails unless an id is refused at once in every position. */
function refusesId(store: ContextStore, id: string, what: string): void {
  const account = store.account('a')
  throwsCode(() => store.account(id), 'invalid-address', `account() of ${what}`)
  throwsCode(() => account.namespace(id), 'invalid-address', `namespace() of ${what}`)
  throwsCode(() => account.namespace('n').session(id), 'invalid-address', `session() of ${what}`)
  for (const bad of [{ account: id }, { namespace: id }, { session: id }]) {
    const address = { account: 'a', namespace: 'n', session: 's', ...bad }
    throwsCode(() => store.session(address), 'invalid-address', `session() at an address with ${what}`)
  }
}

/** The cases of the row "identifiers". */
export const identifierCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'no two different addresses are the same session, whatever separators they contain',
    run: async ({ open }) => staysApart(await open(), collidingAddresses),
  },
  {
    row,
    name: 'an id may be any well-formed Unicode',
    run: async ({ open }) => staysApart(await open(), inEachPosition(hostileNames)),
  },
  {
    row,
    name: '., .. and properties are valid ids',
    needs: ['path-names'],
    run: async ({ open }) =>
      staysApart(await open(), [['plain a', 'plain n', 'plain s'], ...inEachPosition(pathlessNames)]),
  },
  {
    row,
    name: 'ids that look alike are different: no trimming, case folding or normalization',
    run: async ({ open }) => staysApart(await open(), inEachPosition(lookAlikes.flat())),
  },
  {
    row,
    name: 'an id has up to 512 UTF-16 units',
    run: async ({ open }) => {
      const store = await open()
      await staysApart(store, inEachPosition(longestNames))
      const [longest = ''] = longestNames
      await staysApart(store, [[longest, longest, longest]])
      refusesId(store, 'n'.repeat(513), 'an id of 513 characters')
      refusesId(store, `${'\u{1f600}'.repeat(256)}n`, 'an id of 513 units')
    },
  },
  {
    row,
    name: 'handles and listings return ids unchanged',
    needs: ['accounts', 'session-listing'],
    run: async ({ open }) => {
      const store = await open()
      const ids = [...new Set([...hostileNames, ...lookAlikes.flat()])]
      for (const id of ids) {
        const namespace = store.account(id).namespace(id)
        same(store.account(id).id, id, 'account.id')
        same(namespace.name, id, 'namespace.name')
        same(namespace.session(id).address, { account: id, namespace: id, session: id }, 'session.address')
      }
      await Promise.all(ids.map((id) => store.account(id).namespace(id).session(id).patch({ id })))
      await Promise.all(ids.map((id) => store.account('one account').namespace(id).create()))
      await Promise.all(
        ids.map((id) => store.account('one account').namespace('one').session(id).patch({ id })),
      )
      const accounts = await collect(store.accounts())
      same(accounts.sort(), [...ids, 'one account'].sort(), 'accounts()')
      const namespaces = await collect(store.account('one account').namespaces())
      same(namespaces.map(({ name }) => name).sort(), [...ids, 'one'].sort(), 'namespaces()')
      const sessions = await collect(store.account('one account').namespace('one').sessions())
      same(sessions.map(({ id }) => id).sort(), [...ids].sort(), 'sessions()')
    },
  },
  {
    row,
    name: 'an empty id and one that is not well-formed Unicode are refused',
    run: async ({ open }) => {
      const store = await open()
      refusesId(store, '', 'an empty id')
      for (const id of illFormedNames) refusesId(store, id, `the id ${JSON.stringify(id)}`)
    },
  },
  {
    row,
    name: 'the length of an id is an option',
    needs: ['limits'],
    run: async ({ open }) => {
      const store = await open({ limits: { idLength: 8 } })
      await staysApart(store, inEachPosition(['12345678', '\u{1f600}'.repeat(4)]))
      refusesId(store, '123456789', 'an id of 9 characters where 8 is the limit')
    },
  },
]
