import type { Capability } from '@context-store/conformance'
import { absent, type ContextStore, type StoreOptions, UnsupportedError } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { type Alteration, alteredStore } from './altered-store.ts'

/** A store that cannot do some things, and says so, as one over somebody's REST service would. */
export function limitedStore(options: StoreOptions, lacks: ReadonlySet<Capability>): ContextStore {
  const lack = (capability: Capability, isUsed = true): void => {
    if (isUsed && lacks.has(capability)) throw new UnsupportedError(`cannot: ${capability}`)
  }
  lack('clock', options.now !== undefined)
  lack('limits', options.limits !== undefined)
  lack('explicit-namespaces', options.namespaces === 'explicit')
  const checkNames = (names: readonly string[]): void => lack('dot-names', names.includes(''))

  const alteration: Alteration = {
    store: (store) => ({
      accounts: async function* () {
        lack('accounts')
        yield* store.accounts()
      },
    }),
    namespace: (namespace) => ({
      create: async (stated) => {
        lack('time-to-live', stated?.ttlSeconds !== undefined)
        return namespace.create(stated)
      },
      listSessions: async (page) => {
        lack('session-listing')
        return namespace.listSessions(page)
      },
      sessions: async function* () {
        lack('session-listing')
        yield* namespace.sessions()
      },
    }),
    session: (session) => ({
      get: async (name) => {
        checkNames([name])
        return session.get(name)
      },
      // No asynchronous function: what is passed in must be read before the call returns.
      patch: (properties, stated) => {
        try {
          checkNames(Object.keys(properties))
          lack('removals', Object.values(properties).includes(absent))
          lack('time-to-live', stated?.ttlSeconds !== undefined)
          lack('dot-names', /^(\.\.?|properties)$/.test(session.address.session ?? ''))
        } catch (error) {
          return Promise.reject(error)
        }
        return session.patch(properties, stated)
      },
      patchIf: async (...args) => {
        lack('conditions')
        lack('removals', Object.values(args[1]).includes(absent))
        lack('time-to-live', args[2]?.ttlSeconds !== undefined)
        return session.patchIf(...args)
      },
      update: async (names, change, stated) => {
        lack('conditions')
        lack('time-to-live', stated?.ttlSeconds !== undefined)
        const checked: typeof change = (current) => {
          const properties = change(current)
          lack('removals', Object.values(properties ?? {}).includes(absent))
          return properties
        }
        return session.update(names, checked, stated)
      },
      info: async () => {
        lack('session-info')
        return session.info()
      },
    }),
  }
  return alteredStore(memoryStore(options), alteration)
}
