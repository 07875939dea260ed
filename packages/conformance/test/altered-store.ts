import type { Account, ContextStore, Namespace, Session } from '@context-store/core'

/** What a mutant does otherwise than the store it stands on. */
export interface Alteration {
  store?(store: ContextStore): Partial<ContextStore>
  account?(account: Account): Partial<Account>
  namespace?(namespace: Namespace): Partial<Namespace>
  session?(session: Session): Partial<Session>
}

/** A store with some calls replaced, whichever way one comes to them. */
export function alteredStore(store: ContextStore, alteration: Alteration): ContextStore {
  return {
    account: (id) => alteredAccount(store.account(id), alteration),
    session: <P extends object>(address: Parameters<ContextStore['session']>[0]) =>
      typed<P>(alteredSession(store.session(address), alteration)),
    accounts: () => store.accounts(),
    ready: () => store.ready(),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    ...alteration.store?.(store),
  }
}

function alteredAccount(account: Account, alteration: Alteration): Account {
  return {
    id: account.id,
    namespace: <P extends object>(name: string): Namespace<P> => {
      const namespace = account.namespace(name)
      return {
        name: namespace.name,
        create: (options) => namespace.create(options),
        delete: () => namespace.delete(),
        info: () => namespace.info(),
        sessions: () => namespace.sessions(),
        listSessions: (options) => namespace.listSessions(options),
        ...alteration.namespace?.(namespace),
        session: (id) => typed<P>(alteredSession(namespace.session(id), alteration)),
      }
    },
    namespaces: () => account.namespaces(),
    ...alteration.account?.(account),
  }
}

function alteredSession(session: Session, alteration: Alteration): Session {
  return {
    address: session.address,
    get: (name) => session.get(name),
    getMany: (names) => session.getMany(names),
    getAll: () => session.getAll(),
    patch: (properties, options) => session.patch(properties, options),
    patchIf: (expected, properties, options) => session.patchIf(expected, properties, options),
    update: (names, change, options) => session.update(names, change, options),
    delete: (names) => session.delete(names),
    clear: () => session.clear(),
    info: () => session.info(),
    ...alteration.session?.(session),
  }
}

/** A session of anything is a session of `P` by its caller's word, as everywhere in the API. */
function typed<P extends object>(session: object): Session<P> {
  return session as Session<P>
}
