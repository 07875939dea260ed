import { absent, type ContextStore, type StoreOptions } from '@context-store/core'
import { collect, fails, holds, refuses } from './check.ts'

/**
 * What a backend may be unable to do; everything else is asked of every store.
 *
 * - `accounts`: `store.accounts()`
 * - `clock`: the option `now`, or a clock that the kit can move
 * - `conditions`: `patchIf` and `update`
 * - `dot-names`: what no path of WIRE.md can carry: the names `.` and `..`, the empty property name, and a session
 *   called `properties`
 * - `explicit-namespaces`: the option `namespaces: 'explicit'`
 * - `limits`: the option `limits`
 * - `removals`: `absent` in a patch, which removes in the same atom
 * - `session-info`: `session.info()`
 * - `session-listing`: `namespace.sessions()` and `listSessions()`
 * - `sync`: a synchronous side, `store.sync`
 * - `time-to-live`: `ttlSeconds`, of a patch and of a namespace
 */
export type Capability =
  | 'accounts'
  | 'clock'
  | 'conditions'
  | 'dot-names'
  | 'explicit-namespaces'
  | 'limits'
  | 'removals'
  | 'session-info'
  | 'session-listing'
  | 'sync'
  | 'time-to-live'

/** Makes a store with just these options. */
export type MakeStore = (options: StoreOptions) => Promise<ContextStore>

/**
 * For each capability, the proof that a store without it says so: the call is an error of code `unsupported`,
 * never a wrong answer, and nothing that looks like success.
 */
export const refusals: { readonly [C in Capability]: (make: MakeStore) => Promise<void> } = {
  accounts: async (make) => {
    const store = await make({})
    await fails(() => collect(store.accounts()), 'unsupported', 'accounts()')
  },
  clock: async (make) => {
    await fails(() => make({ now: () => 0 }), 'unsupported', 'a store with the option now')
  },
  conditions: async (make) => {
    const session = (await make({})).session({ account: 'a', namespace: 'n' })
    await refuses(() => session.patchIf({ p: absent }, { p: 1 }), 'unsupported', 'patchIf()')
    await refuses(() => session.update(['p'], () => ({ p: 1 })), 'unsupported', 'update()')
  },
  'dot-names': async (make) => {
    const store = await make({})
    for (const name of ['.', '..', 'properties']) {
      const patched = async (): Promise<void> =>
        store.session({ account: 'a', namespace: 'n', session: name }).patch({ p: 1 })
      await fails(patched, 'unsupported', `a patch of session "${name}"`)
    }
    const session = store.session({ account: 'a', namespace: 'n' })
    await refuses(() => session.get(''), 'unsupported', 'get() of the empty property name')
  },
  'explicit-namespaces': async (make) => {
    await fails(() => make({ namespaces: 'explicit' }), 'unsupported', "a store with namespaces: 'explicit'")
  },
  limits: async (make) => {
    await fails(
      () => make({ limits: { documentLength: 100 } }),
      'unsupported',
      'a store with the option limits',
    )
  },
  removals: async (make) => {
    const session = (await make({})).session({ account: 'a', namespace: 'n' })
    await refuses(() => session.patch({ p: absent }), 'unsupported', 'a patch with absent')
  },
  'session-info': async (make) => {
    const session = (await make({})).session({ account: 'a', namespace: 'n' })
    await refuses(() => session.info(), 'unsupported', 'session.info()')
  },
  'session-listing': async (make) => {
    const namespace = (await make({})).account('a').namespace('n')
    await refuses(() => namespace.listSessions(), 'unsupported', 'listSessions()')
    await fails(() => collect(namespace.sessions()), 'unsupported', 'sessions()')
  },
  sync: async (make) => {
    holds(!('sync' in (await make({}))), 'the store has a synchronous side: declare no lack of it')
  },
  'time-to-live': async (make) => {
    const namespace = (await make({})).account('a').namespace('n')
    await refuses(() => namespace.create({ ttlSeconds: 60 }), 'unsupported', 'create() with ttlSeconds')
    await refuses(
      () => namespace.session().patch({ p: 1 }, { ttlSeconds: 60 }),
      'unsupported',
      'patch() with ttlSeconds',
    )
  },
}

/** Throws for a lack that no capability names, and for one without a reason. */
export function checkedLacks(
  cannot: { readonly [C in Capability]?: string },
): ReadonlyMap<Capability, string> {
  const lacks = new Map<Capability, string>()
  for (const [name, reason] of Object.entries(cannot)) {
    if (!isCapability(name)) {
      throw new TypeError(
        `cannot: there is no capability "${name}"; there are ${Object.keys(refusals).join(', ')}`,
      )
    }
    if (typeof reason !== 'string' || reason.trim() === '')
      throw new TypeError(`cannot.${name}: give the reason`)
    lacks.set(name, reason)
  }
  return lacks
}

function isCapability(name: string): name is Capability {
  return Object.hasOwn(refusals, name)
}
