import { type ContextStore, InvalidOptionError, type JsonValue, type Properties } from '@context-store/core'
import { checkedOptions, setOwn } from '@context-store/core/adapter'
import { checkStore } from '../check-store.ts'
import { serviceBase } from '../client/service-paths.ts'
import { createHandler } from '../handler.ts'
import { send } from './client-requests.ts'
import { ContextServiceError, errorCodes, invalidParameter } from './context-service-error.ts'

/** Which account a {@link contextServiceClient} works on. */
export interface ContextServiceClientOptions {
  /** The account. */
  readonly accountId: string
  /** The account's API key; required for a URL. */
  readonly apiKey?: string | undefined
}

/** A namespace as the vendor's client returns it. */
export interface ServiceNamespace {
  /** Its name. */
  readonly name: string
  /** When it was created. */
  readonly createdAt: Date
  /** The time to live of what is written into it, in seconds; none: for ever. */
  readonly ttlSecond?: number
}

/**
 * The vendor's client for its Functions platform (docs/rest-contract.md, "Functions toolbelt's client").
 *
 * Each method may throw a {@link ContextServiceError}, whose `code` says what is wrong. Without a `sessionId` the
 * session is `__default__`. Ids that are no strings are the text that JavaScript makes of them, `undefined` too.
 */
export interface ContextServiceClient {
  /** Creates a namespace; one that exists stays. `ttl` in seconds, above 0. Not one of the service's own five names. */
  createNamespace(namespace: string, options?: { readonly ttl?: number } | null): Promise<ServiceNamespace>
  /** Deletes a namespace with all its sessions; without a name it does nothing. Not one of the service's own five. */
  deleteNamespace(namespace: string): Promise<void>
  /** Every namespace of the account. */
  getListOfNamespaces(): Promise<ServiceNamespace[]>
  /** Merges properties into a session, and returns all its properties afterwards. */
  setPropertiesInNamespace(namespace: string, properties: Properties, sessionId?: string): Promise<Properties>
  /** As `setPropertiesInNamespace`. */
  updatePropertiesInNamespace(
    namespace: string,
    properties: Properties,
    sessionId?: string,
  ): Promise<Properties>
  /** All properties of a session. */
  getAllPropertiesInSession(namespace: string, sessionId?: string): Promise<Properties>
  /** Those of the named properties that exist. */
  getSelectedPropertiesInSession(
    namespace: string,
    names: readonly string[],
    sessionId?: string,
  ): Promise<Properties>
  /** The value of one property. */
  getPropertyInSession(namespace: string, name: string, sessionId?: string): Promise<JsonValue>
  /** Deletes one property; it is no error if there is none. */
  deletePropertyInSession(namespace: string, name: string, sessionId?: string): Promise<void>
  /** Deletes a session with all its properties; without a `sessionId` it is one called `undefined`. */
  deleteSession(namespace: string, sessionId: string): Promise<void>
  /** The ids of the first 100 sessions of a namespace: the vendor's client asks for no other page. */
  getListOfSessions(namespace: string): Promise<string[]>
}

/** Namespaces that the vendor's client neither creates nor deletes (docs/rest-contract.md, "Functions toolbelt's client"). */
const builtIn: readonly unknown[] = ['faas', 'consumer', 'custom', 'operational', 'conversation']

/**
 * A double of the vendor's client, over a store of this process or the URL of a service. It sends the requests of that
 * client; those to a store are answered under the profile `service`. Its functions do not use `this`.
 *
 * As in newer toolbelts, the API key alone may stand for the options; the account is then in the environment variable
 * `X_LIVEPERSON_BRAND_ID`. Unlike the vendor's client it encodes ids into the path, and refuses those that a URL path
 * cannot carry (`.`, `..`, an empty property name), so that no id can reach another session.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one, and for a URL without an API key
 * @example
 * ```ts
 * const client = contextServiceClient(memoryStore(), { accountId: '577089' })
 * await client.setPropertiesInNamespace('orders', { step: 2 }, 'c1') // { step: 2 }
 * ```
 */
export function contextServiceClient(
  target: ContextStore | string,
  options: ContextServiceClientOptions | string,
): ContextServiceClient {
  const { accountId, apiKey } = checkedOptions<Partial<ContextServiceClientOptions>>(
    typeof options === 'string' ? { apiKey: options, accountId: accountOfEnvironment() } : options,
    ['accountId', 'apiKey'],
    'contextServiceClient',
  )
  if (typeof accountId !== 'string' || accountId === '') {
    throw new InvalidOptionError(
      'accountId: must be the id of an account; beside an API key alone, in X_LIVEPERSON_BRAND_ID',
    )
  }
  const service = typeof target === 'string' ? serviceAt(target, apiKey) : serviceOf(target, apiKey)
  const account = `/v1/account/${part(accountId, 'accountId')}`
  const pathOf = (namespace: string, session = '__default__'): string =>
    `${account}/${part(namespace, 'namespace')}/${part(session, 'sessionId')}/properties`
  const propertyPathOf = (namespace: string, name: string, session: string | undefined): string => {
    if (name === '')
      throw invalidParameter('name: the path of the empty name is the one of the whole session')
    return `${pathOf(namespace, session)}/${part(name, 'name')}`
  }

  const ask = (method: string, path: string, body?: string): Promise<string> => {
    // With its content-type also where there is no body, as the vendor's client sends it.
    const headers = { 'maven-api-key': service.apiKey, 'content-type': 'application/json' }
    return send(service.fetch, service.base + path, { method, headers, ...(body !== undefined && { body }) })
  }

  const getListOfNamespaces = async (): Promise<ServiceNamespace[]> => {
    const listed: readonly { name: string; createdAt: string; ttlSecond?: number }[] = parsed(
      await ask('GET', account),
    )
    return listed.map(({ name, createdAt, ttlSecond }) => ({
      name,
      createdAt: new Date(createdAt),
      ...(ttlSecond !== undefined && { ttlSecond }),
    }))
  }
  const getAllPropertiesInSession = async (namespace: string, session?: string): Promise<Properties> =>
    parsed(await ask('GET', pathOf(namespace, session)))
  const getPropertyInSession = async (
    namespace: string,
    name: string,
    session?: string,
  ): Promise<JsonValue> => {
    const text = await ask('GET', propertyPathOf(namespace, name, session))
    try {
      return JSON.parse(text)
    } catch {
      // A string is answered as its own text. The string `1000` comes back as a number, as on the platform.
      return text
    }
  }
  const merge = async (namespace: string, properties: Properties, session?: string): Promise<Properties> => {
    await ask('PATCH', pathOf(namespace, session), jsonOf(properties))
    return getAllPropertiesInSession(namespace, session)
  }

  return {
    async createNamespace(namespace, options) {
      const ttl = options?.ttl
      if (isNone(namespace)) throw invalidParameter('namespace: must not be empty')
      if (builtIn.includes(namespace))
        throw invalidParameter('namespace: this name is reserved for the service')
      if (ttl !== undefined && ttl <= 0) throw invalidParameter('ttl: must be seconds, above 0')
      await ask('POST', account + (ttl ? `?ttlSecond=${ttl}` : ''), jsonOf({ name: namespace }))
      const created = (await getListOfNamespaces()).find(({ name }) => name === namespace)
      if (created === undefined)
        throw new ContextServiceError(errorCodes.notFound, 'it was deleted meanwhile')
      return created
    },
    async deleteNamespace(namespace) {
      if (isNone(namespace)) return
      if (builtIn.includes(namespace))
        throw invalidParameter('namespace: this name is reserved for the service')
      await ask('DELETE', `${account}/${part(namespace, 'namespace')}`)
    },
    getListOfNamespaces,
    setPropertiesInNamespace: merge,
    updatePropertiesInNamespace: merge,
    getAllPropertiesInSession,
    async getSelectedPropertiesInSession(namespace, names, session) {
      if (!isIterable(names))
        throw new ContextServiceError(errorCodes.unknown, 'names: must be an array of names')
      const found: Properties = {}
      for (const name of names) {
        try {
          setOwn(found, name, await getPropertyInSession(namespace, name, session))
        } catch (error) {
          if (!(error instanceof ContextServiceError) || error.code !== errorCodes.notFound) throw error
        }
      }
      return found
    },
    getPropertyInSession,
    async deletePropertyInSession(namespace, name, session) {
      await ask('DELETE', propertyPathOf(namespace, name, session))
    },
    async deleteSession(namespace, session) {
      // Not the default session: the vendor's client has no default here.
      await ask('DELETE', `${pathOf(namespace, String(session))}/`)
    },
    async getListOfSessions(namespace) {
      return parsed(await ask('GET', `${account}/${part(namespace, 'namespace')}/session-ids`))
    },
  }
}

interface Service {
  readonly base: string
  readonly apiKey: string
  readonly fetch: typeof globalThis.fetch
}

function serviceAt(url: string, apiKey: string | undefined): Service {
  if (apiKey === undefined) throw new InvalidOptionError('apiKey: a URL requires the API key of the account')
  // `fetch` is looked up at each request, so that an interceptor that starts later is reached.
  return { base: serviceBase(url), apiKey: checkedKey(apiKey), fetch: (input, init) => fetch(input, init) }
}

/** Answers the same requests within this process. */
function serviceOf(store: ContextStore, apiKey = 'any'): Service {
  checkStore(store, 'contextServiceClient')
  const handle = createHandler(store, { profile: 'service' })
  const base = 'http://store.invalid'
  return { base, apiKey: checkedKey(apiKey), fetch: (input, init) => handle(new Request(input, init)) }
}

function checkedKey(key: unknown): string {
  if (typeof key === 'string' && /^[\x21-\x7e]+$/.test(key)) return key
  throw new InvalidOptionError('apiKey: must be a key of visible ASCII characters')
}

function accountOfEnvironment(): string {
  return globalThis.process?.env.X_LIVEPERSON_BRAND_ID ?? ''
}

/** A part of a path. An empty one is sent: the service has no such path, and the vendor's client gets its 404. */
function part(id: unknown, what: string): string {
  const text = String(id)
  if (text === '.' || text === '..') throw invalidParameter(`${what}: a URL path cannot carry it`)
  try {
    return encodeURIComponent(text)
  } catch {
    throw invalidParameter(`${what}: has a lone surrogate, which no encoding can carry`)
  }
}

function isNone(name: unknown): boolean {
  return name === undefined || name === null || name === ''
}

function isIterable(value: unknown): boolean {
  return Symbol.iterator in Object(value ?? 0)
}

/** `undefined` is no body at all, which the service refuses. */
function jsonOf(value: object): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new ContextServiceError(errorCodes.unknown, 'it has a value that JSON cannot express', { cause })
  }
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new ContextServiceError(errorCodes.unknown, 'the answer of the service is not JSON', { cause })
  }
}
