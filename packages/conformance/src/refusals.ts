import { absent, type ContextStore, type StoreOptions } from '@context-store/core'
import { batch, type Capability, capabilities } from '@context-store/core/adapter'
import { collect, fails, refuses } from './check.ts'

/** Creates a store with exactly these options. */
export type MakeStore = (options: StoreOptions) => Promise<ContextStore>

/**
 * For each capability, a check that a store without it refuses the call with code `unsupported`, instead of returning a
 * wrong answer or appearing to succeed.
 */
export const refusals: { readonly [C in Capability]: (make: MakeStore) => Promise<void> } = {
  accounts: async (make) => {
    const store = await make({})
    await fails(() => collect(store.accounts()), 'unsupported', 'accounts()')
  },
  batch: async (make) => {
    const store = await make({})
    const address = { account: 'a', namespace: 'n' }
    await fails(() => batch(store, [{ address, patch: { p: 1 } }]), 'unsupported', 'batch()')
  },
  clock: async (make) => {
    await fails(() => make({ now: () => 0 }), 'unsupported', 'a store with the option now')
  },
  conditions: async (make) => {
    const session = (await make({})).session({ account: 'a', namespace: 'n' })
    await refuses(() => session.patchIf({ p: absent }, { p: 1 }), 'unsupported', 'patchIf()')
    await refuses(() => session.update(['p'], () => ({ p: 1 })), 'unsupported', 'update()')
    await refuses(() => session.clearIf({ p: absent }), 'unsupported', 'clearIf()')
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
  'path-names': async (make) => {
    const store = await make({})
    for (const name of ['.', '..', 'properties']) {
      const patched = async (): Promise<void> =>
        store.session({ account: 'a', namespace: 'n', session: name }).patch({ p: 1 })
      await fails(patched, 'unsupported', `a patch of session "${name}"`)
    }
    const session = store.session({ account: 'a', namespace: 'n' })
    for (const name of ['', '.', '..']) {
      await refuses(() => session.get(name), 'unsupported', `get() of property "${name}"`)
      await refuses(() => session.patch({ [name]: 1 }), 'unsupported', `patch() of property "${name}"`)
    }
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

/** The capabilities that a store declares it lacks; throws if a name is unknown, or a reason is missing. */
export function checkedLacks(cannot: object): ReadonlyMap<Capability, string> {
  const lacks = new Map<Capability, string>()
  for (const [name, reason] of Object.entries(cannot)) {
    const capability = capabilities.find((known) => known === name)
    if (capability === undefined) {
      throw new Error(
        `cannot: there is no capability "${name}"; the capabilities are ${capabilities.join(', ')}`,
      )
    }
    if (reason === undefined) continue
    if (typeof reason !== 'string' || reason.trim() === '') {
      throw new Error(`cannot.${name}: the reason is missing`)
    }
    lacks.set(capability, reason)
  }
  return lacks
}
