import { absent, ContextStoreError, type ErrorCode } from '@context-store/core'
import { holds, isErrorLike, refuses, same, throwsCode } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'

const row = 'errors'
const secret = 'correct horse battery staple'

/** Fails unless an error has what every error of a store has, and reveals no value. */
function isGood(error: ContextStoreError, code: ErrorCode): void {
  const what = `the error of code '${code}'`
  holds(isErrorLike(error), `${what} is not an Error`)
  holds(ContextStoreError.is(error) && ContextStoreError.is(error, code), `${what} does not have the brand`)
  same(error.outcome, 'not-applied', `outcome of ${what}`)
  holds(error.message.length > 0, `${what} has no message`)
  holds(!error.message.includes(secret), `the message of ${what} reveals a value`)
  const { name }: { readonly name: string } = error
  holds(name.endsWith('Error') && name !== 'Error', `${what} is named ${show(name)}`)
}

/** The cases of the paragraph on errors in docs/design.md. */
export const errorCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'have a code and the brand, and reveal no values',
    run: async ({ open, documentLength }) => {
      const store = await open()
      const session = store.account('a').namespace<{ [name: string]: unknown }>('n').session('s')
      await session.patch({ a: secret })
      isGood(
        throwsCode(() => store.account(''), 'invalid-address', 'account()'),
        'invalid-address',
      )
      const value = await refuses(
        () => session.patch({ p: { [secret]: 1 }, q: [secret, 1n] }),
        'invalid-value',
        'patch()',
      )
      isGood(value, 'invalid-value')
      same(Reflect.get(value, 'path'), 'q[1]', 'path')
      const text = await refuses(() => session.patch({ p: `${secret}\ud800` }), 'invalid-value', 'patch()')
      isGood(text, 'invalid-value')
      const large = secret.repeat(Math.ceil(documentLength / secret.length))
      isGood(await refuses(() => session.patch({ p: large }), 'too-large', 'patch()'), 'too-large')
      await store.close()
      isGood(await refuses(() => session.get('a'), 'closed', 'get()'), 'closed')
    },
  },
  {
    row,
    name: 'have the address',
    needs: ['explicit-namespaces'],
    run: async ({ open }) => {
      const store = await open({ namespaces: 'explicit' })
      const session = store.session({ account: 'a', namespace: 'n', session: 's' })
      const error = await refuses(() => session.patch({ p: secret }), 'namespace-not-found', 'patch()')
      isGood(error, 'namespace-not-found')
      same(error.address?.account, 'a', 'address.account')
      same(error.address?.namespace, 'n', 'address.namespace')
    },
  },
  {
    row,
    name: 'of a time to live, a limit or a cursor name the option',
    needs: ['time-to-live', 'session-listing'],
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
        ['ttlSeconds', () => namespace.create({ ttlSeconds: -1 })],
        ['ttlSeconds', () => namespace.session().patch({ p: secret }, { ttlSeconds: -1 })],
        ['limit', () => namespace.listSessions({ limit: 0 })],
        ['cursor', () => namespace.listSessions({ cursor: secret })],
      ]
      for (const [option, call] of calls) {
        const error = await refuses(call, 'invalid-option', option)
        isGood(error, 'invalid-option')
        holds(error.message.includes(option), `the message of a wrong ${option} does not name it`)
      }
    },
  },
  {
    row,
    name: 'of a condition name the property',
    needs: ['conditions'],
    run: async ({ openSession }) => {
      const session = await openSession()
      const error = await refuses(
        () => session.patchIf({ a: absent, p: 1 / 0 }, { a: secret }),
        'invalid-value',
        'patchIf()',
      )
      isGood(error, 'invalid-value')
      same(Reflect.get(error, 'path'), 'p', 'path')
    },
  },
]
