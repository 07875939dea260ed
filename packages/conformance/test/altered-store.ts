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
} from '@context-store/core'

/** The options of a listing, with properties or without. */
export type AnyListOptions = ListOptions & Partial<ListPropertiesOptions>

/** A namespace whose listings are one function each, without overloads. */
export interface PlainNamespaceHandle extends Omit<Namespace, 'sessions' | 'listSessions' | 'session'> {
  sessions(options?: Partial<ListPropertiesOptions>): AsyncIterable<SessionInfo>
  listSessions(options?: AnyListOptions): Promise<Page<SessionInfo>>
}

/** How a mutant differs from the store that it wraps. */
export interface Alteration {
  store?(store: ContextStore): Partial<ContextStore>
  account?(account: Account): Partial<Account>
  namespace?(namespace: PlainNamespaceHandle): Partial<PlainNamespaceHandle>
  session?(session: Session): Partial<Session>
}

/** Wraps a store with some calls replaced, however they are reached. */
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
      const plain: PlainNamespaceHandle = {
        name: namespace.name,
        create: (options) => namespace.create(options),
        delete: () => namespace.delete(),
        info: () => namespace.info(),
        sessions: (...options) => namespace.sessions(...(options as [ListPropertiesOptions])),
        listSessions: (options) => namespace.listSessions(options),
      }
      return handleOf<P>({ ...plain, ...alteration.namespace?.(plain) }, (id) =>
        typed<P>(alteredSession(namespace.session(id), alteration)),
      )
    },
    namespaces: () => account.namespaces(),
    ...alteration.account?.(account),
  }
}

function handleOf<P extends object>(
  plain: PlainNamespaceHandle,
  session: Namespace<P>['session'],
): Namespace<P> {
  function sessions(): AsyncIterable<SessionInfo>
  function sessions(options: ListPropertiesOptions<P>): AsyncIterable<SessionInfoWithProperties<P>>
  function sessions(...options: [] | [ListPropertiesOptions<P>]): AsyncIterable<SessionInfo> {
    return plain.sessions(...(options as [Partial<ListPropertiesOptions>]))
  }
  function listSessions(options?: ListOptions): Promise<Page<SessionInfo>>
  function listSessions(
    options: ListOptions & ListPropertiesOptions<P>,
  ): Promise<Page<SessionInfoWithProperties<P>>>
  function listSessions(options?: ListOptions): Promise<Page<SessionInfo>> {
    return plain.listSessions(options)
  }
  return { ...plain, sessions, listSessions, session }
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
    clearIf: (expected) => session.clearIf(expected),
    info: () => session.info(),
    ...alteration.session?.(session),
  }
}

/** Types a session as `P` without a check, as everywhere in the API. */
function typed<P extends object>(session: object): Session<P> {
  return session as Session<P>
}
