import { type ContextStore, ContextStoreError, type JsonValue } from '@context-store/core'
import { type Answer, errorAnswer, withoutBody } from './answer.ts'
import { asObject, type JsonObject, maxBodyBytesOf, parseJson, readBody } from './body.ts'
import { corsRules, isPreflight } from './cors.ts'
import { statusOfError } from './error-status.ts'
import type { HandlerOptions } from './handler-options.ts'
import { keyRing } from './keys.ts'
import { noSuchPath } from './no-such-path.ts'
import type { Operation } from './operation.ts'
import { type PathPart, readTarget } from './path.ts'
import { serviceRules } from './profiles.ts'
import { readQuery, tokenIn } from './query.ts'
import { Refusal } from './refusal.ts'
import { loginPath, methods, type Route, routeOf } from './routes.ts'
import type { ServiceRequest } from './service-request.ts'

/** Answers every request, for the handler and the server. Never rejects. */
export type Service = (request: ServiceRequest, target: string) => Promise<Answer>

const noBody: JsonObject = {}
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Creates the service of a store; `page` answers before it where it returns something. */
export function createService(
  store: ContextStore,
  options: HandlerOptions,
  page: (request: ServiceRequest, target: string) => Answer | undefined = () => undefined,
): Service {
  const rules = serviceRules(options)
  const keys = keyRing(options.keys)
  const cors = corsRules(options.cors, methods)
  const mostBytes = maxBodyBytesOf(store)

  function authorize(account: string | undefined, key: string): void {
    if (!keys.accepts(account, key)) throw new Refusal(403, 'this API key is not valid for this account')
  }

  // The contract has the order of the checks (docs/rest-contract.md, "Requests"): 401, 403, 404 for the path, 405,
  // 413, 415, 400, and then the store's own errors.
  async function serve(request: ServiceRequest, rawTarget: string): Promise<Answer> {
    const { parts, query } = readTarget(rawTarget)
    const route = routeOf(parts)
    const { account, key } = route?.open ? noCredentials : credentialsOf(request, parts, query, route)
    if (!route?.open) authorize(account, key)
    if (route === undefined) throw new Refusal(404, `${noSuchPath}: see /openapi.json`)
    const operation = operationOf(route, request.method)
    const bytes = operation.takes === 'nothing' ? undefined : await readBody(request, mostBytes)
    if (parts.includes(undefined)) throw new Refusal(400, 'the path is not valid percent-encoded UTF-8')
    const values = readQuery(query)
    const value: JsonValue = bytes === undefined ? null : parseJson(bytes)
    return operation.run({
      store,
      rules,
      account: partAt(parts, route.account) ?? '',
      key,
      namespace: partAt(parts, route.namespace) ?? '',
      session: partAt(parts, route.session),
      name: partAt(parts, route.name) ?? '',
      query: values,
      body: operation.takes === 'object' ? asObject(value) : noBody,
      value,
      authorize: (account) => authorize(account, key),
    })
  }

  async function answered(request: ServiceRequest, target: string): Promise<Answer> {
    const answer = page(request, target) ?? (await serve(request, target).catch(answerOfError))
    return request.method === 'HEAD' ? withoutBody(answer) : answer
  }

  if (cors === undefined) return answered
  return async (request, target) => {
    if (isPreflight(request)) return { status: 204, body: undefined, headers: cors.preflight }
    const answer = await answered(request, target)
    return { ...answer, headers: { ...answer.headers, ...cors.headers } }
  }
}

interface Credentials {
  /** The account in the path or the header; `undefined` if neither has one. */
  readonly account: string | undefined
  readonly key: string
}

const noCredentials: Credentials = { account: undefined, key: '' }

function credentialsOf(
  request: ServiceRequest,
  parts: readonly PathPart[],
  query: string,
  route: Route | undefined,
): Credentials {
  if (`/${parts.join('/')}` === loginPath) return basicCredentials(request)
  return { account: accountIn(parts, route), key: keyOf(request, parts, query) }
}

/** The account and the API key in the header of a login; 401 without them. */
function basicCredentials(request: ServiceRequest): Credentials {
  const [, encoded = ''] = /^Basic +(.+)$/i.exec(request.header('authorization') ?? '') ?? []
  const [, account = '', key = ''] = /^([^:]*):(.*)$/s.exec(decodedBase64(encoded)) ?? []
  if (account === '' || key === '') {
    throw new Refusal(401, 'send your account and API key in the header authorization: Basic')
  }
  return { account, key }
}

/** Decodes UTF-8 in base64 (RFC 7617); empty if it is invalid. */
function decodedBase64(text: string): string {
  try {
    return utf8.decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)))
  } catch {
    return ''
  }
}

/** The API key of a request: a token in v2, otherwise the header `maven-api-key`; 401 without one. */
function keyOf(request: ServiceRequest, parts: readonly PathPart[], query: string): string {
  if (parts[0] === 'v2' && parts[1] === 'context' && parts[2] === 'document') {
    const [, bearer] = /^Bearer +(.+)$/i.exec(request.header('authorization') ?? '') ?? []
    const token = bearer ?? tokenIn(query) ?? ''
    if (token === '')
      throw new Refusal(401, 'send your token in the header authorization: Bearer, or as ?access_token=')
    return token
  }
  const key = request.header('maven-api-key') ?? ''
  if (key === '') throw new Refusal(401, 'send your API key in the header maven-api-key')
  return key
}

/** The account in a path, even in a path without a route; empty if its encoding is invalid. */
function accountIn(parts: readonly PathPart[], route: Route | undefined): string | undefined {
  if (route !== undefined) return route.account === -1 ? undefined : (parts[route.account] ?? '')
  const [version, prefix, account] = parts
  const known = version === 'v1' && (prefix === 'account' || prefix === 'brand')
  return known && parts.length > 2 && account !== '' ? (account ?? '') : undefined
}

function operationOf({ operations }: Route, method: string): Operation {
  const operation = Object.hasOwn(operations, method) ? operations[method] : undefined
  if (operation !== undefined) return operation
  const allow = Object.keys(operations).join(', ')
  throw new Refusal(405, `${method} is not allowed at this path: use ${allow}`, { allow })
}

function partAt(parts: readonly PathPart[], index: number): PathPart {
  return index === -1 ? undefined : parts[index]
}

function answerOfError(error: unknown): Answer {
  if (error instanceof Refusal) return errorAnswer(error.status, error.message, error.headers)
  if (ContextStoreError.is(error)) {
    // The contract prescribes this message (docs/rest-contract.md, "Limits").
    const message = error.code === 'too-large' ? 'document too large' : error.message
    return errorAnswer(statusOfError[error.code], message)
  }
  // Not the client's fault. The details are for the operator of the service only.
  console.error(error)
  return errorAnswer(500, 'internal error: the log of the service has the details')
}
