import type {
  ListOptions,
  ListPropertiesOptions,
  NamespaceInfo,
  Page,
  SessionInfo,
} from '../api/context-store.ts'
import { InvalidOptionError } from '../api/errors.ts'
import type { ListedSession, ListRequest, SessionListRequest, Slice } from '../port/storage-adapter.ts'
import { checkNames } from '../rules/check-address.ts'
import { checkTtl } from '../rules/check-patch.ts'
import { namespaceNotFound } from '../rules/limits.ts'
import { checkedOptions } from '../rules/options.ts'
import { pageOf, pageRequest } from '../rules/page-cursor.ts'
import type { Engine, Operation } from './operation.ts'
import { answered, type Steps } from './steps.ts'
import type { StoreState } from './store-state.ts'

/** The address of a namespace. */
export interface NamespaceScope {
  readonly account: string
  readonly namespace: string
}

/** The maximum number of items that an engine is asked for at once. */
const mostItems = 1000

/** `namespace.create()` */
export const createNamespace: Operation<NamespaceScope, number | undefined> = {
  isWrite: true,
  check(store, _scope, options) {
    const ttlSeconds = checkTtl(options)
    if (ttlSeconds !== undefined) store.needs('time-to-live')
    return ttlSeconds
  },
  run: (engine, { account, namespace }, ttlSeconds) => engine.createNamespace(account, namespace, ttlSeconds),
}

/** `namespace.delete()` */
export const deleteNamespace: Operation<NamespaceScope, undefined> = {
  isWrite: true,
  check: () => undefined,
  run: (engine, { account, namespace }) => engine.deleteNamespace(account, namespace),
}

/** `namespace.info()` */
export const namespaceInfo: Operation<NamespaceScope, undefined> = {
  isWrite: false,
  check: () => undefined,
  run: (engine, scope, _checked, _store, driver) => driver.run(findNamespace(engine, scope)),
}

/** `namespace.listSessions()` */
export const listSessions: Operation<NamespaceScope, SessionListRequest> = {
  isWrite: false,
  check(store, { account, namespace }, options) {
    store.needs('session-listing')
    const { properties, ...page } = checkedOptions(
      options as (ListOptions & Partial<ListPropertiesOptions>) | undefined,
      ['cursor', 'limit', 'properties'],
    )
    return { ...pageRequest([account, namespace], page), properties: wantedProperties(store, properties) }
  },
  run: (engine, scope, request, store, driver) => driver.run(sessionPage(engine, scope, request, store)),
}

/** One slice of `namespace.sessions()`. */
export const sliceOfSessions: Operation<NamespaceScope, SessionListRequest> = {
  isWrite: false,
  check(store, _scope, request) {
    store.needs('session-listing')
    return request as SessionListRequest
  },
  run: (engine, scope, request, store, driver) => driver.run(sessionSlice(engine, scope, request, store)),
}

/** One slice of `account.namespaces()`. */
export const sliceOfNamespaces: Operation<{ readonly account: string }, ListRequest> = {
  isWrite: false,
  check: (_store, _scope, request) => request as ListRequest,
  run: (engine, { account }, request) => engine.listNamespaces(account, request),
}

/** One slice of `store.accounts()`. */
export const sliceOfAccounts: Operation<object, ListRequest> = {
  isWrite: false,
  check(store, _scope, request) {
    store.needs('accounts')
    return request as ListRequest
  },
  run: (engine, _scope, request) => engine.listAccounts(request),
}

/** `store.ready()` */
export const ready: Operation<object, undefined> = {
  isWrite: false,
  check: () => undefined,
  run: (engine, _scope, _checked, _store, driver) =>
    driver.run(
      (function* () {
        if (engine.ready !== undefined) yield* answered(engine.ready())
        else yield* answered(engine.listAccounts({ from: undefined, limit: 1 }))
      })(),
    ),
}

/** Checks the option that says which properties a listing returns. */
export function wantedProperties(store: StoreState, properties: unknown): SessionListRequest['properties'] {
  if (properties === undefined || properties === true) return properties
  if (Array.isArray(properties)) return checkNames(properties, store.names)
  throw new InvalidOptionError('properties: must be true or an array of property names')
}

/** Finds a session's info in the listing. */
export function* findSession(
  engine: Engine,
  scope: NamespaceScope,
  session: string,
): Steps<SessionInfo | undefined> {
  let from: string | undefined
  do {
    const request = { from, limit: mostItems, properties: undefined }
    const slice: Slice<ListedSession> = yield* answered(
      engine.listSessions(scope.account, scope.namespace, request),
    )
    const found = slice.items.find(({ id }) => id === session)
    if (found !== undefined) return found
    from = slice.next
  } while (from !== undefined)
  return undefined
}

/** Returns what a read found. If it found nothing and namespaces are explicit, throws unless the namespace exists. */
export function* inNamespace<T>(
  store: StoreState,
  engine: Engine,
  scope: NamespaceScope,
  reading: Steps<T>,
  isNothing: (found: T) => boolean,
): Steps<T> {
  const found = yield* reading
  if (store.rules.explicitNamespaces && isNothing(found)) {
    if ((yield* findNamespace(engine, scope)) === undefined) throw namespaceNotFound()
  }
  return found
}

function* findNamespace(
  engine: Engine,
  { account, namespace }: NamespaceScope,
): Steps<NamespaceInfo | undefined> {
  if (engine.namespaceInfo !== undefined) return yield* answered(engine.namespaceInfo(account, namespace))
  let from: string | undefined
  do {
    const slice: Slice<NamespaceInfo> = yield* answered(
      engine.listNamespaces(account, { from, limit: mostItems }),
    )
    const found = slice.items.find(({ name }) => name === namespace)
    if (found !== undefined) return found
    from = slice.next
  } while (from !== undefined)
  return undefined
}

function* sessionPage(
  engine: Engine,
  scope: NamespaceScope,
  request: SessionListRequest,
  store: StoreState,
): Steps<Page<ListedSession>> {
  const slice = yield* sessionSlice(engine, scope, request, store)
  return pageOf([scope.account, scope.namespace], slice)
}

function sessionSlice(
  engine: Engine,
  scope: NamespaceScope,
  request: SessionListRequest,
  store: StoreState,
): Steps<Slice<ListedSession>> {
  const reading = answered<Slice<ListedSession>>(engine.listSessions(scope.account, scope.namespace, request))
  // On later pages, a namespace that was deleted meanwhile is not an error.
  const isNothing = ({ items, next }: Slice<ListedSession>): boolean =>
    request.from === undefined && items.length === 0 && next === undefined
  return inNamespace(store, engine, scope, reading, isNothing)
}
