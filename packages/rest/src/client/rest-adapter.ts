import {
  type JsonValue,
  type NamespaceInfo,
  type Properties,
  StoreUnavailableError,
  UnsupportedError,
} from '@context-store/core'
import {
  type Cannot,
  type CheckedAddress,
  type ListedSession,
  type ListRequest,
  namespaceInfoOf,
  type PatchRequest,
  type Slice,
  type StorageAdapter,
  setOwn,
  type WriteOutcome,
} from '@context-store/core/adapter'
import type { ServiceCalls } from './service-calls.ts'
import { errorOf, isNotFound, notTheService } from './service-errors.ts'
import type { ServiceAnswer, ServiceRequest } from './service-exchange.ts'
import { accountPath, namespacePath, propertiesPath, propertyPath, sessionTtlPath } from './service-paths.ts'

/** Ids in a page of `session-ids`: the maximum of the contract (docs/rest-contract.md, "Later operations"). */
const idsPerPage = 1000

/** The longest query that is sent, in characters: servers accept 8 to 16 kB of headers in all. */
const maxQueryLength = 4000

/** The store's features that the REST contract does not have. */
const cannot = {
  accounts: 'the REST contract cannot list accounts: name the account',
  clock: 'now: the service uses its own clock',
  conditions: 'the REST contract has no conditional writes, so no patchIf, clearIf or update',
  'explicit-namespaces': 'namespaces: the service decides whether a patch creates its namespace',
  limits: 'limits: the service has its own limits',
  'path-names': 'a URL path cannot carry this name: use another one',
  removals: 'a PATCH of the REST contract cannot remove properties: use delete()',
  'session-info': 'the REST contract does not return when a session was created',
  'session-listing': 'the REST contract lists only the ids of sessions: use sessionIds()',
} satisfies Cannot

/** The storage adapter for the REST contract. */
export class RestAdapter implements StorageAdapter {
  readonly cannot: Cannot = cannot
  readonly timeoutMs: number
  readonly #calls: ServiceCalls

  constructor(calls: ServiceCalls) {
    this.#calls = calls
    this.timeoutMs = calls.timeoutMs
  }

  async ready(): Promise<void> {
    const status = await this.#calls.statusOf('/')
    if (status >= 500) throw new StoreUnavailableError(`the service answered ${status}`)
  }

  async createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void> {
    const query = ttlSeconds === undefined ? '' : `?ttlSecond=${ttlSeconds}`
    const path = accountPath(account) + query
    await this.#write({ account, method: 'POST', path, body: { name: namespace } })
  }

  async deleteNamespace(account: string, namespace: string): Promise<void> {
    await this.#remove({ account, method: 'DELETE', path: namespacePath(account, namespace) })
  }

  async listNamespaces(account: string, { from, limit }: ListRequest): Promise<Slice<NamespaceInfo>> {
    const listed = await this.#read({ account, method: 'GET', path: accountPath(account) })
    if (!Array.isArray(listed)) throw notTheService(200)
    // The service returns all of them. Sorted by name, the next slice is found even if namespaces change in between.
    const all = listed.map(namespaceOf).sort((a, b) => (a.name < b.name ? -1 : 1))
    const rest = from === undefined ? all : all.filter(({ name }) => name > from)
    const items = rest.slice(0, limit)
    return { items, next: rest.length > limit ? items.at(-1)?.name : undefined }
  }

  async listAccounts(): Promise<Slice<string>> {
    throw new UnsupportedError(cannot.accounts)
  }

  async listSessions(): Promise<Slice<ListedSession>> {
    throw new UnsupportedError(cannot['session-listing'])
  }

  /** A slice of the ids of a namespace's sessions; `from` is a page number. */
  async listSessionIds(account: string, namespace: string, from: string | undefined): Promise<Slice<string>> {
    const page = Number(from ?? 0)
    const path = `${namespacePath(account, namespace)}/session-ids?page=${page}&perPage=${idsPerPage}`
    const ids = await this.#read({ account, method: 'GET', path })
    if (!Array.isArray(ids)) throw notTheService(200)
    const items = ids.map((id) => {
      if (typeof id !== 'string') throw notTheService(200)
      return id
    })
    return { items, next: ids.length < idsPerPage ? undefined : `${page + 1}` }
  }

  async patch(address: CheckedAddress, { changes, ttlSeconds }: PatchRequest): Promise<WriteOutcome> {
    const merge: ServiceRequest = {
      account: address.account,
      method: 'PATCH',
      path: propertiesPath(address),
      body: changes.values as Properties,
    }
    if (ttlSeconds === undefined) await this.#write(merge)
    else await this.#write(...stepsWithTtl(merge, address, ttlSeconds))
    return undefined
  }

  async readProperties(address: CheckedAddress, names: readonly string[] | undefined): Promise<Properties> {
    const path = propertiesPath(address)
    // The answer to `include` is the same in every profile; that to the path of a single property is not.
    const query = names === undefined ? '' : `?include=${names.map(encodeURIComponent).join(',')}`
    // `include` is split after it is decoded, so it cannot carry a name with a comma.
    const isWhole = query.length > maxQueryLength || names?.some((name) => name.includes(','))
    const properties = await this.#readObject(address.account, isWhole ? path : path + query)
    if (names === undefined) return properties
    const wanted: Properties = {}
    for (const name of names) {
      const value = Object.hasOwn(properties, name) ? properties[name] : undefined
      if (value !== undefined) setOwn(wanted, name, value)
    }
    return wanted
  }

  async deleteProperties(address: CheckedAddress, names: readonly string[]): Promise<void> {
    const { account } = address
    await this.#remove(
      ...names.map((name) => ({ account, method: 'DELETE', path: propertyPath(address, name) }) as const),
    )
  }

  async clearSession(address: CheckedAddress): Promise<WriteOutcome> {
    await this.#remove({ account: address.account, method: 'DELETE', path: propertiesPath(address) })
    return undefined
  }

  async close(): Promise<void> {
    // Nothing stays open between calls.
  }

  async #read(request: ServiceRequest): Promise<JsonValue> {
    const answer = await this.#calls.call(request)
    if (answer.status !== 200) throw errorOf(answer, request)
    return parsed(answer)
  }

  /** The properties at a path; none if the service does not have the namespace or the session. */
  async #readObject(account: string, path: string): Promise<Properties> {
    const request: ServiceRequest = { account, method: 'GET', path }
    const answer = await this.#calls.call(request)
    if (isNotFound(answer)) return {}
    if (answer.status !== 200) throw errorOf(answer, request)
    const value = parsed(answer)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notTheService(200)
    return value
  }

  #write(...requests: readonly ServiceRequest[]): Promise<void> {
    return this.#calls.inOrder(requests, ({ status }) => status === 204)
  }

  /** Sends requests that remove something; it is not an error if it does not exist. */
  #remove(...requests: readonly ServiceRequest[]): Promise<void> {
    return this.#calls.inOrder(requests, (answer) => answer.status === 204 || isNotFound(answer))
  }
}

/**
 * The contract needs two requests for a patch with a time to live. The time to live is sent first, so that a claim never
 * stays without one. If it is 0, the properties are sent first: an empty session without a time to live does not exist.
 */
function stepsWithTtl(merge: ServiceRequest, address: CheckedAddress, ttlSeconds: number): ServiceRequest[] {
  const path = `${sessionTtlPath(address)}?ttlSecond=${ttlSeconds}`
  const live: ServiceRequest = { ...merge, method: 'POST', path, body: { sessionId: address.session } }
  if (Object.keys(merge.body ?? {}).length === 0) return [live]
  return ttlSeconds === 0 ? [merge, live] : [live, merge]
}

function parsed({ text, status }: ServiceAnswer): JsonValue {
  try {
    return JSON.parse(text)
  } catch {
    throw notTheService(status)
  }
}

function namespaceOf(entry: JsonValue): NamespaceInfo {
  if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) {
    const { name, createdAt, ttlSecond = 0 } = entry
    const time = typeof createdAt === 'string' ? Date.parse(createdAt) : Number.NaN
    if (typeof name === 'string' && !Number.isNaN(time) && typeof ttlSecond === 'number') {
      return namespaceInfoOf(name, time, ttlSecond)
    }
  }
  throw notTheService(200)
}
