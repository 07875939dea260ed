import { type ContextStore, InvalidOptionError, type JsonValue, type Properties } from '@context-store/core'
import { checkedOptions, setOwn } from '@context-store/core/adapter'
import { checkStore } from '../check-store.ts'
import { serviceBase } from '../client/service-paths.ts'
import { createHandler } from '../handler.ts'
import { send } from './client-requests.ts'
import { ContextServiceError, errorCodes, invalidParameter } from './context-service-error.ts'

/** The options of {@link contextServiceClient}. */
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
  /** The time to live of its sessions in seconds; omitted if they do not expire. */
  readonly ttlSecond?: number
}

/**
 * The vendor's client for its Functions platform (docs/rest-contract.md, "Functions toolbelt's client").
 *
 * Each method may throw a {@link ContextServiceError}, whose `code` says what is wrong. Without a `sessionId` the
 * session is `__default__`. Ids of other types are converted to strings.
 */
export interface ContextServiceClient {
  /** Creates a namespace; an existing one stays. `ttl` is in seconds, above 0. Five reserved names are refused. */
  createNamespace(namespace: string, options?: { readonly ttl?: number } | null): Promise<ServiceNamespace>
  /** Deletes a namespace with all its sessions; does nothing without a name. Five reserved names are refused. */
  deleteNamespace(namespace: string): Promise<void>
  /** Lists the namespaces of the account. */
  getListOfNamespaces(): Promise<ServiceNamespace[]>
  /** Merges properties into a session, and returns all its properties afterwards. */
  setPropertiesInNamespace(namespace: string, properties: Properties, sessionId?: string): Promise<Properties>
  /** The same as `setPropertiesInNamespace`. */
  updatePropertiesInNamespace(
    namespace: string,
    properties: Properties,
    sessionId?: string,
  ): Promise<Properties>
  /** Returns all properties of a session. */
  getAllPropertiesInSession(namespace: string, sessionId?: string): Promise<Properties>
  /** Returns the named properties that exist. */
  getSelectedPropertiesInSession(
    namespace: string,
    names: readonly string[],
    sessionId?: string,
  ): Promise<Properties>
  /** Returns the value of one property. */
  getPropertyInSession(namespace: string, name: string, sessionId?: string): Promise<JsonValue>
  /** Deletes one property; it is not an error if it does not exist. */
  deletePropertyInSession(namespace: string, name: string, sessionId?: string): Promise<void>
  /** Deletes a session with all its properties; without a `sessionId`, the session called `undefined`. */
  deleteSession(namespace: string, sessionId: string): Promise<void>
  /** Lists the ids of the first 100 sessions of a namespace: the vendor's client reads only the first page. */
  getListOfSessions(namespace: string): Promise<string[]>
}

/** Names that the vendor's client neither creates nor deletes (docs/rest-contract.md, "Functions toolbelt's client"). */
const builtIn: readonly unknown[] = ['faas', 'consumer', 'custom', 'operational', 'conversation']

/**
 * Creates a double of the vendor's client, over a store in this process or the URL of a service. It sends the same
 * requests as that client; a store answers them with the profile `service`. Its functions do not use `this`.
 *
 * As in newer toolbelts, `options` may be only the API key; the account is then in the environment variable
 * `X_LIVEPERSON_BRAND_ID`. Unlike the vendor's client, it percent-encodes ids in paths, and refuses names that a URL path
 * cannot carry (`.`, `..`, an empty property name), so that no id can reach another session.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one, or for a URL without an API key
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
      'accountId: must be the id of an account; with only an API key, set X_LIVEPERSON_BRAND_ID to it',
    )
  }
  const service = typeof target === 'string' ? serviceAt(target, apiKey) : serviceOf(target, apiKey)
  const account = `/v1/account/${part(accountId, 'accountId')}`
  const pathOf = (namespace: string, session = '__default__'): string =>
    `${account}/${part(namespace, 'namespace')}/${part(session, 'sessionId')}/properties`
  const propertyPathOf = (namespace: string, name: string, session: string | undefined): string => {
    if (name === '')
      throw invalidParameter('name: must not be empty: its path would be that of the whole session')
    return `${pathOf(namespace, session)}/${part(name, 'name')}`
  }

  const ask = (method: string, path: string, body?: string): Promise<string> => {
    // The vendor's client sends the content-type even without a body.
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
      // A string is sent as plain text, so the string `1000` comes back as a number, as on the platform.
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
        throw new ContextServiceError(errorCodes.notFound, 'the namespace was deleted in the meantime')
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
  if (apiKey === undefined) throw new InvalidOptionError('apiKey: required with the URL of a service')
  // `fetch` is looked up for each request, so that an interceptor may start later.
  return { base: serviceBase(url), apiKey: checkedKey(apiKey), fetch: (input, init) => fetch(input, init) }
}

/** A service in this process, over a store. */
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

/** A part of a path. An empty one is sent, as by the vendor's client: the service has no such path, so it is a 404. */
function part(id: unknown, what: string): string {
  const text = String(id)
  if (text === '.' || text === '..') throw invalidParameter(`${what}: a URL path cannot carry . or ..`)
  try {
    return encodeURIComponent(text)
  } catch {
    throw invalidParameter(`${what}: has a lone surrogate, which cannot be encoded`)
  }
}

function isNone(name: unknown): boolean {
  return name === undefined || name === null || name === ''
}

function isIterable(value: unknown): boolean {
  return Symbol.iterator in Object(value ?? 0)
}

/** The JSON of a body; `undefined` for `undefined`, which sends no body, and which the service refuses. */
function jsonOf(value: object): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new ContextServiceError(errorCodes.unknown, 'an argument has a value that JSON cannot express', {
      cause,
    })
  }
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new ContextServiceError(errorCodes.unknown, 'the answer of the service is not JSON', { cause })
  }
}
