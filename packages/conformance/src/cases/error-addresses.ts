import type { ErrorCode, SessionAddress } from '@context-store/core'
import { collect, refuses, same } from '../check.ts'
import type { CaseContext, ConformanceCase } from '../conformance-case.ts'

const row = 'errors'
const address = { account: '577089', namespace: 'orders', session: '42' }
const ofNamespace = { account: '577089', namespace: 'orders' }

/** A call that fails: the code of its error, a description, and how to make it. */
type Failing = readonly [code: ErrorCode, what: string, call: () => Promise<unknown>]

/** Fails unless each call is refused with an error that has the address of the session or namespace. */
async function allTellWhere(calls: readonly Failing[], expected: Partial<SessionAddress>): Promise<void> {
  for (const [code, what, call] of calls) {
    const error = await refuses(call, code, what)
    same(error.address, expected, `the address in the error of ${what}`)
  }
}

/** Calls on a session that are refused because of their arguments. */
async function refusedCalls({ open, documentLength, can }: CaseContext): Promise<Failing[]> {
  const session = (await open()).session<{ [name: string]: unknown }>(address)
  const large = { p: 'x'.repeat(documentLength) }
  const wrongName = ['\ud800']
  const options: object = { ttl: 60 }
  const calls: Failing[] = [
    ['invalid-value', 'patch() of a NaN', () => session.patch({ p: Number.NaN })],
    ['invalid-value', 'patch() of a nested function', () => session.patch({ p: [{ q: () => 1 }] })],
    ['invalid-value', 'patch() of an array', () => session.patch(Object.assign([1]))],
    ['invalid-address', 'patch() of a wrong name', () => session.patch({ '\ud800': 1 })],
    ['invalid-option', 'patch() with an unknown option', () => session.patch({ p: 1 }, options)],
    ['invalid-option', 'patch() with ttlSeconds -1', () => session.patch({ p: 1 }, { ttlSeconds: -1 })],
    ['too-large', 'patch() past the limit', () => session.patch(large)],
    ['invalid-address', 'get() of a wrong name', () => session.get('\ud800')],
    ['invalid-address', 'getMany() of a wrong name', () => session.getMany(wrongName)],
    ['invalid-address', 'delete() of a wrong name', () => session.delete(wrongName)],
  ]
  if (!can('conditions')) return calls
  calls.push(
    ['invalid-value', 'patchIf() on undefined', () => session.patchIf({ p: undefined }, {})],
    ['invalid-value', 'patchIf() of a Date', () => session.patchIf({}, { p: new Date(0) })],
    ['invalid-address', 'patchIf() on a wrong name', () => session.patchIf({ '\ud800': 1 }, {})],
    ['invalid-option', 'patchIf() with an unknown option', () => session.patchIf({}, { p: 1 }, options)],
    ['too-large', 'patchIf() past the limit', () => session.patchIf({}, large)],
    ['invalid-value', 'clearIf() on undefined', () => session.clearIf({ p: undefined })],
    ['invalid-address', 'clearIf() on a wrong name', () => session.clearIf({ '\ud800': 1 })],
    ['invalid-address', 'update() of a wrong name', () => session.update(wrongName, () => ({}))],
    ['invalid-option', 'update() with an unknown option', () => session.update([], () => ({}), options)],
    ['invalid-option', 'update() without a function', () => Reflect.apply(session.update, session, [[]])],
    ['invalid-value', 'update() to a NaN', () => session.update([], () => ({ p: Number.NaN }))],
    ['invalid-address', 'update() to a wrong name', () => session.update([], () => ({ '\ud800': 1 }))],
    ['too-large', 'update() past the limit', () => session.update([], () => large)],
  )
  return calls
}

/** The cases about the address in an error. */
export const errorAddressCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'of calls on a session have its full address',
    run: async (context) => allTellWhere(await refusedCalls(context), address),
  },
  {
    row,
    name: 'of calls on a session have its address if the namespace does not exist',
    needs: ['explicit-namespaces'],
    run: async ({ open, can }) => {
      const session = (await open({ namespaces: 'explicit' })).session(address)
      const code = 'namespace-not-found'
      const calls: Failing[] = [
        [code, 'patch()', () => session.patch({ p: 1 })],
        [code, 'get()', () => session.get('p')],
        [code, 'getMany()', () => session.getMany(['p'])],
        [code, 'getAll()', () => session.getAll()],
      ]
      if (can('session-info')) calls.push([code, 'info()', () => session.info()])
      if (can('conditions')) {
        calls.push(
          [code, 'patchIf()', () => session.patchIf({}, { p: 1 })],
          [code, 'update()', () => session.update(['p'], () => ({ p: 1 }))],
        )
      }
      await allTellWhere(calls, address)
    },
  },
  {
    row,
    name: 'of calls on a session have its address after close()',
    run: async ({ open, can }) => {
      const store = await open()
      const session = store.session(address)
      await store.close()
      const calls: Failing[] = [
        ['closed', 'patch()', () => session.patch({ p: 1 })],
        ['closed', 'getAll()', () => session.getAll()],
        ['closed', 'delete()', () => session.delete('p')],
        ['closed', 'clear()', () => session.clear()],
      ]
      if (can('conditions')) calls.push(['closed', 'clearIf()', () => session.clearIf({ p: 1 })])
      await allTellWhere(calls, address)
    },
  },
  {
    row,
    name: 'of calls on a namespace have its account and its name',
    run: async ({ open, can }) => {
      const store = await open()
      const namespace = store.account('577089').namespace('orders')
      const options: object = { ttl: 60 }
      const calls: Failing[] = [
        ['invalid-option', 'create() with an unknown option', () => namespace.create(options)],
        ['invalid-option', 'create() with ttlSeconds 1.5', () => namespace.create({ ttlSeconds: 1.5 })],
      ]
      if (can('session-listing')) {
        const cursor = 'made up'
        calls.push(
          ['invalid-option', 'listSessions() with limit 0', () => namespace.listSessions({ limit: 0 })],
          ['invalid-option', 'listSessions() with a wrong cursor', () => namespace.listSessions({ cursor })],
          ['invalid-option', 'listSessions() with an unknown option', () => namespace.listSessions(options)],
        )
      }
      await allTellWhere(calls, ofNamespace)
    },
  },
  {
    row,
    name: 'of a namespace’s listings have its address if it does not exist',
    needs: ['explicit-namespaces', 'session-listing'],
    run: async ({ open }) => {
      const namespace = (await open({ namespaces: 'explicit' })).account('577089').namespace('orders')
      const code = 'namespace-not-found'
      const calls: Failing[] = [
        [code, 'listSessions()', () => namespace.listSessions()],
        [code, 'sessions()', () => collect(namespace.sessions())],
        [code, 'sessions() with properties', () => collect(namespace.sessions({ properties: true }))],
      ]
      await allTellWhere(calls, ofNamespace)
    },
  },
]
