import type {
  Account,
  ContextStore,
  Namespace,
  Session,
  SyncAccount,
  SyncContextStore,
  SyncNamespace,
  SyncSession,
} from '@context-store/core'

/** A synchronous store behind the asynchronous interface, so that the same cases run on both. */
export function asyncView(store: SyncContextStore): ContextStore {
  const close = async (): Promise<void> => store.close()
  return {
    account: (id) => accountView(store.account(id)),
    session: (address) => sessionView(store.session(address)),
    accounts: () => iterate(() => store.accounts()),
    ready: async () => store.ready(),
    close,
    [Symbol.asyncDispose]: async () => store[Symbol.dispose](),
  }
}

function accountView(account: SyncAccount): Account {
  return {
    id: account.id,
    namespace: <P extends object>(name: string) => namespaceView(account.namespace<P>(name)),
    namespaces: () => iterate(() => account.namespaces()),
  }
}

function namespaceView<P extends object>(namespace: SyncNamespace<P>): Namespace<P> {
  return {
    name: namespace.name,
    session: (id) => sessionView(namespace.session(id)),
    create: async (options) => namespace.create(options),
    delete: async () => namespace.delete(),
    info: async () => namespace.info(),
    sessions: () => iterate(() => namespace.sessions()),
    listSessions: async (options) => namespace.listSessions(options),
  }
}

function sessionView<P extends object>(session: SyncSession<P>): Session<P> {
  return {
    address: session.address,
    get: async (name) => session.get(name),
    getMany: async (names) => session.getMany(names),
    getAll: async () => session.getAll(),
    patch: async (properties, options) => session.patch(properties, options),
    patchIf: async (expected, properties, options) => session.patchIf(expected, properties, options),
    update: async (names, change, options) => session.update(names, change, options),
    delete: async (names) => session.delete(names),
    clear: async () => session.clear(),
    info: async () => session.info(),
  }
}

async function* iterate<T>(start: () => Iterable<T>): AsyncIterable<T> {
  yield* start()
}
