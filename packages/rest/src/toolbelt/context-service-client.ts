import { type ContextStore, InvalidOptionError, type JsonValue, type Properties } from '@context-store/core'
import { checkedOptions, setOwn } from '@context-store/core/adapter'
import { checkStore } from '../check-store.ts'
import { AccountKeys } from '../client/account-keys.ts'
import { ServiceCalls } from '../client/service-calls.ts'
import type { ServiceRequest } from '../client/service-exchange.ts'
import { serviceBase } from '../client/service-paths.ts'
import { createHandler } from '../handler.ts'
import { ContextServiceError, errorOfAnswer, errorOfCall } from './context-service-error.ts'

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
 * Each method may throw a {@link ContextServiceError}: `statusCode` 404 for what does not exist, 403 for a wrong API
 * key, 400 and 413 for what cannot be written, 500 and 503 for a failing service, -1 without an answer. Without a
 * `sessionId` the session is `__default__`.
 */
export interface ContextServiceClient {
  /** Creates a namespace; one that exists stays. `ttl` in seconds, above 0. */
  createNamespace(namespace: string, options?: { readonly ttl?: number }): Promise<ServiceNamespace>
  /** Deletes a namespace with all its sessions. */
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
  /** Deletes a session with all its properties. */
  deleteSession(namespace: string, sessionId: string): Promise<void>
  /** The ids of the first 100 sessions of a namespace: the vendor's client asks for no other page. */
  getListOfSessions(namespace: string): Promise<string[]>
}

/**
 * A double of the vendor's client, over a store of this process or the URL of a service. It sends the requests of that
 * client; those to a store are answered under the profile `service`. Its functions do not use `this`.
 *
 * Unlike the vendor's client it encodes ids into the path, so that no id can reach another session.
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
  options: ContextServiceClientOptions,
): ContextServiceClient {
  const { accountId, apiKey } = checkedOptions<Partial<ContextServiceClientOptions>>(
    options,
    ['accountId', 'apiKey'],
    'contextServiceClient',
  )
  if (typeof accountId !== 'string' || accountId === '') {
    throw new InvalidOptionError('accountId: must be the id of an account')
  }
  const calls = typeof target === 'string' ? callsTo(target, apiKey) : callsOf(target, apiKey)
  const account = `/v1/account/${encodeURIComponent(accountId)}`
  const pathOf = (namespace: string, session = '__default__'): string =>
    `${account}/${part(namespace, 'namespace')}/${part(session, 'sessionId')}/properties`

  const ask = async (method: ServiceRequest['method'], path: string, body?: object): Promise<string> => {
    const accepted = method === 'GET' ? 200 : 204
    try {
      const answer = await calls.call({
        account: accountId,
        method,
        path,
        ...(body !== undefined && { body }),
      })
      if (answer.status !== accepted) throw errorOfAnswer(answer)
      return answer.text
    } catch (error) {
      throw errorOfCall(error)
    }
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
    const text = await ask('GET', `${pathOf(namespace, session)}/${part(name, 'name')}`)
    try {
      return JSON.parse(text)
    } catch {
      // A string is answered as its own text. The string `1000` comes back as a number, as on the platform.
      return text
    }
  }
  const merge = async (namespace: string, properties: Properties, session?: string): Promise<Properties> => {
    checkProperties(properties)
    await ask('PATCH', pathOf(namespace, session), properties)
    return getAllPropertiesInSession(namespace, session)
  }

  return {
    async createNamespace(namespace, { ttl } = {}) {
      if (ttl !== undefined && !(ttl > 0)) throw badArgument('ttl: must be seconds, above 0')
      part(namespace, 'namespace')
      await ask('POST', account + (ttl === undefined ? '' : `?ttlSecond=${ttl}`), { name: namespace })
      const created = (await getListOfNamespaces()).find(({ name }) => name === namespace)
      if (created === undefined) throw new ContextServiceError(404, 'not there: it was deleted meanwhile')
      return created
    },
    async deleteNamespace(namespace) {
      await ask('DELETE', `${account}/${part(namespace, 'namespace')}`)
    },
    getListOfNamespaces,
    setPropertiesInNamespace: merge,
    updatePropertiesInNamespace: merge,
    getAllPropertiesInSession,
    async getSelectedPropertiesInSession(namespace, names, session) {
      const found: Properties = {}
      for (const name of names) {
        try {
          setOwn(found, name, await getPropertyInSession(namespace, name, session))
        } catch (error) {
          if (!(error instanceof ContextServiceError) || error.statusCode !== 404) throw error
        }
      }
      return found
    },
    getPropertyInSession,
    async deletePropertyInSession(namespace, name, session) {
      await ask('DELETE', `${pathOf(namespace, session)}/${part(name, 'name')}`)
    },
    async deleteSession(namespace, session) {
      await ask('DELETE', `${pathOf(namespace, session)}/`)
    },
    async getListOfSessions(namespace) {
      return parsed(await ask('GET', `${account}/${part(namespace, 'namespace')}/session-ids`))
    },
  }
}

/** Sends requests to a service, with the retries and the time of the vendor's client. */
function callsTo(url: string, apiKey: string | undefined): ServiceCalls {
  if (apiKey === undefined) throw new InvalidOptionError('apiKey: a URL requires the API key of the account')
  const keys = new AccountKeys(apiKey)
  return new ServiceCalls({ base: serviceBase(url), keys, timeoutMs: 10_000, retries: 2, fetch: undefined })
}

/** Answers the same requests within this process. */
function callsOf(store: ContextStore, apiKey = 'any'): ServiceCalls {
  checkStore(store, 'contextServiceClient')
  const handle = createHandler(store, { profile: 'service' })
  return new ServiceCalls({
    base: 'http://store.invalid',
    keys: new AccountKeys(apiKey),
    timeoutMs: 10_000,
    retries: 0,
    fetch: (input, init) => handle(new Request(input, init)),
  })
}

function part(id: string, what: string): string {
  if (typeof id !== 'string' || id === '' || id === '.' || id === '..') {
    throw badArgument(`${what}: must be a string that a URL path can carry, not empty`)
  }
  try {
    return encodeURIComponent(id)
  } catch (cause) {
    throw new ContextServiceError(-1, `${what}: holds a lone surrogate, which no encoding can carry`, {
      cause,
    })
  }
}

/** Checks what JavaScript callers may pass: what cannot be sent would look like a service that cannot be reached. */
function checkProperties(properties: unknown): void {
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) {
    throw badArgument('properties: must be an object of names and values')
  }
  try {
    JSON.stringify(properties)
  } catch (cause) {
    throw new ContextServiceError(-1, 'properties: hold a value that JSON cannot express', { cause })
  }
}

function badArgument(message: string): ContextServiceError {
  return new ContextServiceError(-1, message)
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new ContextServiceError(-1, 'the answer of the service is not JSON', { cause })
  }
}
