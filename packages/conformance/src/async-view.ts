import type {
  Account,
  ContextStore,
  ListOptions,
  ListPropertiesOptions,
  Namespace,
  Page,
  Session,
  SessionInfo,
  SessionInfoWithProperties,
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
  function sessions(): AsyncIterable<SessionInfo>
  function sessions(options: ListPropertiesOptions<P>): AsyncIterable<SessionInfoWithProperties<P>>
  function sessions(...options: [] | [ListPropertiesOptions<P>]): AsyncIterable<SessionInfo> {
    return iterate<SessionInfo>(() =>
      options.length === 0 ? namespace.sessions() : namespace.sessions(...options),
    )
  }
  function listSessions(options?: ListOptions): Promise<Page<SessionInfo>>
  function listSessions(
    options: ListOptions & ListPropertiesOptions<P>,
  ): Promise<Page<SessionInfoWithProperties<P>>>
  async function listSessions(options?: ListOptions): Promise<Page<SessionInfo>> {
    return namespace.listSessions(options)
  }
  return {
    name: namespace.name,
    session: (id) => sessionView(namespace.session(id)),
    create: async (options) => namespace.create(options),
    delete: async () => namespace.delete(),
    info: async () => namespace.info(),
    sessions,
    listSessions,
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
    clearIf: async (expected) => session.clearIf(expected),
    info: async () => session.info(),
  }
}

async function* iterate<T>(start: () => Iterable<T>): AsyncIterable<T> {
  yield* start()
}
