import {
  type AddressKey,
  type JsonValue,
  KeyedLocks,
  type NamespaceInfo,
  namespaceInfoOf,
  type PatchOutcome,
  type PatchRequest,
  type Properties,
  type SessionAddress,
  type SessionInfo,
  type Slice,
  type StorageAdapter,
  StoreClosedError,
  StoreUnavailableError,
  setOwn,
  UnsupportedError,
} from '@context-store/core'
import type { ServiceAnswer, ServiceCalls, ServiceRequest } from './service-calls.ts'
import { errorOf, isNotFound, notTheService } from './service-errors.ts'
import {
  accountPath,
  checkPropertyNames,
  namespacePath,
  propertiesPath,
  propertyPath,
  sessionTtlPath,
} from './service-paths.ts'

/** Ids in a page of `session-ids`; the most that the contract has (WIRE.md, "Later"). */
const idsPerPage = 1000

/** The longest query that is sent, in characters: servers take 8 to 16 kB of headers, the rest of them included. */
const maxQueryLength = 4000

/** The port over the REST contract. */
export class RestAdapter implements StorageAdapter {
  readonly #calls: ServiceCalls
  /** Two requests may overtake one another on their way; those on one session are not to. */
  readonly #locks = new KeyedLocks()
  #isClosed = false

  constructor(calls: ServiceCalls) {
    this.#calls = calls
  }

  async ready(): Promise<void> {
    // The contract has no path that needs no account; any answer shows that the service is there.
    const { status } = await this.#calls.call({ account: 'ready', method: 'GET', path: '/' })
    if (status >= 500) throw new StoreUnavailableError(`the service answered ${status}`)
  }

  async createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void> {
    // A name that no later call could say is not to be begun.
    namespacePath(account, namespace)
    const query = ttlSeconds === undefined ? '' : `?ttlSecond=${ttlSeconds}`
    const path = accountPath(account) + query
    await this.#write({ account, method: 'POST', path, body: { name: namespace } }, { account, namespace })
  }

  async namespaceInfo(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    return (await this.#namespaces(account)).find(({ name }) => name === namespace)
  }

  async deleteNamespace(account: string, namespace: string): Promise<void> {
    const path = namespacePath(account, namespace)
    await this.#remove({ account, method: 'DELETE', path }, { account, namespace })
  }

  async listNamespaces(
    account: string,
    from: string | undefined,
    limit: number,
  ): Promise<Slice<NamespaceInfo>> {
    // The service gives all of them at once; by name, so that the next part is found whatever comes and goes.
    const all = (await this.#namespaces(account)).sort((a, b) => (a.name < b.name ? -1 : 1))
    const rest = from === undefined ? all : all.filter(({ name }) => name > from)
    const items = rest.slice(0, limit)
    return { items, next: rest.length > limit ? items.at(-1)?.name : undefined }
  }

  async listAccounts(): Promise<Slice<string>> {
    throw new UnsupportedError('the REST contract has no listing of accounts: name the account')
  }

  async patch(address: AddressKey, request: PatchRequest): Promise<PatchOutcome> {
    const { changes, expected, ttlSeconds } = request
    if (expected !== undefined) {
      throw new UnsupportedError('the REST contract has no conditions: patchIf and update cannot be carried')
    }
    if (request.removes) {
      throw new UnsupportedError('the REST contract cannot remove in a patch: use delete()')
    }
    checkPropertyNames(changes.names)
    const { account } = address
    const merge: ServiceRequest = {
      account,
      method: 'PATCH',
      path: propertiesPath(address),
      body: changes.values as Properties,
    }
    const steps = ttlSeconds === undefined ? [merge] : stepsWithTtl(merge, address, ttlSeconds)
    await this.#alone(address, async () => {
      for (const step of steps) {
        await this.#write(step, address)
      }
    })
    return undefined
  }

  async readProperty(address: AddressKey, name: string): Promise<JsonValue | undefined> {
    const found = await this.readProperties(address, [name])
    return Object.hasOwn(found, name) ? found[name] : undefined
  }

  async readProperties(address: AddressKey, names: readonly string[] | undefined): Promise<Properties> {
    checkPropertyNames(names ?? [])
    const path = propertiesPath(address)
    // The form of this answer is one in every profile, while that of a single property is not.
    const query = names === undefined ? '' : `?include=${names.map(encodeURIComponent).join(',')}`
    const isWhole = names === undefined || query.length > maxQueryLength
    const properties = await this.#beside(address, async () =>
      this.#readObject(address, isWhole ? path : path + query),
    )
    if (names === undefined) return properties
    const wanted: Properties = {}
    for (const name of names) {
      const value = Object.hasOwn(properties, name) ? properties[name] : undefined
      if (value !== undefined) setOwn(wanted, name, value)
    }
    return wanted
  }

  async deleteProperties(address: AddressKey, names: readonly string[]): Promise<void> {
    const { account } = address
    const paths = names.map((name) => propertyPath(address, name))
    await this.#alone(address, async () => {
      for (const path of paths) await this.#remove({ account, method: 'DELETE', path }, address)
    })
  }

  async clearSession(address: AddressKey): Promise<void> {
    const { account } = address
    const path = propertiesPath(address)
    await this.#alone(address, () => this.#remove({ account, method: 'DELETE', path }, address))
  }

  async sessionInfo(): Promise<SessionInfo | undefined> {
    throw new UnsupportedError('the REST contract does not tell when a session was created')
  }

  async listSessions(): Promise<Slice<SessionInfo>> {
    throw new UnsupportedError('the REST contract lists the ids of sessions alone: see sessionIds()')
  }

  /** The ids of a namespace's sessions. */
  async *sessionIds(account: string, namespace: string): AsyncGenerator<string, void, undefined> {
    for (let page = 0; ; page++) {
      if (this.#isClosed) throw new StoreClosedError()
      const query = `?page=${page}&perPage=${idsPerPage}`
      const path = `${namespacePath(account, namespace)}/session-ids${query}`
      const request: ServiceRequest = { account, method: 'GET', path }
      const answer = await this.#calls.call(request)
      if (answer.status !== 200) throw errorOf(answer, request, { account, namespace })
      const ids = parsed(answer, account)
      if (!Array.isArray(ids)) throw notTheService(200, { account, namespace }, 'GET')
      for (const id of ids) {
        if (typeof id !== 'string') throw notTheService(200, { account, namespace }, 'GET')
        yield id
      }
      if (ids.length < idsPerPage) return
    }
  }

  async reclaim(): Promise<void> {
    // The service's own business.
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#locks.ended()
  }

  async #namespaces(account: string): Promise<NamespaceInfo[]> {
    const request: ServiceRequest = { account, method: 'GET', path: accountPath(account) }
    const answer = await this.#calls.call(request)
    if (answer.status !== 200) throw errorOf(answer, request, { account })
    const listed = parsed(answer, account)
    if (!Array.isArray(listed)) throw notTheService(200, { account }, 'GET')
    return listed.map((entry) => namespaceOf(entry, account))
  }

  async #readObject(address: AddressKey, path: string): Promise<Properties> {
    const { account } = address
    const request: ServiceRequest = { account, method: 'GET', path }
    const answer = await this.#calls.call(request)
    // No such namespace, or, where the service says so, no such session: nothing is there.
    if (isNotFound(answer)) return {}
    if (answer.status !== 200) throw errorOf(answer, request, addressOf(address))
    const value = parsed(answer, account)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw notTheService(200, addressOf(address), 'GET')
    }
    return value
  }

  async #write(request: ServiceRequest, address: SessionAddress): Promise<void> {
    const answer = await this.#calls.call(request)
    if (answer.status !== 204) throw errorOf(answer, request, addressOf(address))
  }

  /** Removes; what is not there needs no removing. */
  async #remove(request: ServiceRequest, address: SessionAddress): Promise<void> {
    const answer = await this.#calls.call(request)
    if (answer.status === 204 || isNotFound(answer)) return
    throw errorOf(answer, request, addressOf(address))
  }

  #alone<T>(address: AddressKey, work: () => Promise<T>): Promise<T> {
    return this.#locks.exclude(lockOf(address), work)
  }

  #beside<T>(address: AddressKey, work: () => Promise<T>): Promise<T> {
    return this.#locks.share(lockOf(address), work)
  }
}

/**
 * The contract has two requests where a store has one atom. A session that is to end is told so before it is
 * written, lest a claim outlive its holder; one that is to last has to be there first, since an empty session with
 * no end is none.
 */
function stepsWithTtl(merge: ServiceRequest, address: AddressKey, ttlSeconds: number): ServiceRequest[] {
  const path = `${sessionTtlPath(address)}?ttlSecond=${ttlSeconds}`
  const live: ServiceRequest = { ...merge, method: 'POST', path, body: { sessionId: address.session } }
  if (Object.keys(merge.body ?? {}).length === 0) return [live]
  return ttlSeconds === 0 ? [merge, live] : [live, merge]
}

function lockOf({ account, namespace, session }: AddressKey): string {
  return JSON.stringify([account, namespace, session])
}

function addressOf({ account, namespace, session }: SessionAddress): SessionAddress {
  return session === undefined ? { account, namespace } : { account, namespace, session }
}

function parsed({ text, status }: ServiceAnswer, account: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch {
    throw notTheService(status, { account }, 'GET')
  }
}

function namespaceOf(entry: JsonValue, account: string): NamespaceInfo {
  if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) {
    const { name, createdAt, ttlSecond = 0 } = entry
    const time = typeof createdAt === 'string' ? Date.parse(createdAt) : Number.NaN
    if (typeof name === 'string' && !Number.isNaN(time) && typeof ttlSecond === 'number') {
      return namespaceInfoOf(name, time, ttlSecond)
    }
  }
  throw notTheService(200, { account }, 'GET')
}
