import http from 'node:http'
import https from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { ClientRequestInterceptor } from '@mswjs/interceptors/ClientRequest'
import { patchMember } from './global-patches.ts'
import { hostsOf } from './hosts.ts'

/** Answers the requests to some hosts. */
export interface HostHandler {
  readonly hosts: readonly string[]
  /** Whether it answers requests to this target, a path with its query. */
  readonly takes: (target: string) => boolean
  /** Answers a request. Reads a clone of it. Rejects with the error that the sender gets. */
  readonly answer: (request: Request) => Promise<Response>
}

type Call = (...args: unknown[]) => unknown

/** The active handlers, the latest last. */
const handlers: HostHandler[] = []
let end = (): void => undefined

/**
 * Answers the requests of this process to a handler's hosts, until the returned function is called; if several handlers
 * have the same host, the latest answers.
 */
export function intercept(handler: HostHandler): () => void {
  if (handlers.length === 0) end = begin()
  handlers.push(handler)
  return () => {
    handlers.splice(handlers.indexOf(handler), 1)
    if (handlers.length === 0) end()
  }
}

/**
 * Patches `fetch` and Node's functions. The interceptors of @mswjs/interceptors are not used for this: all libraries in
 * a process share one instance, MSW and nock among them, and the first to end removes the listeners or patches of the
 * others. With these patches a request to any other host goes unchanged to the functions that were there before.
 */
function begin(): () => void {
  const ends = [patchMember(globalThis, 'fetch', (original) => fetchBefore(original as typeof fetch))]
  for (const { owner, name, protocol, call } of nodeFunctions) {
    ends.push(
      patchMember(owner, name, (original) => {
        const isOurs = (args: unknown[]) => handlerOf(urlOfCall(protocol, args)) !== undefined
        return new Proxy(original as Call, {
          apply: (target, self, args) => Reflect.apply(isOurs(args) ? call : target, self, args),
          construct: (target, args) => Reflect.construct(isOurs(args) ? call : target, args) as object,
        })
      }),
    )
  }
  return () => {
    for (const undo of ends) undo()
  }
}

function fetchBefore(original: typeof fetch): typeof fetch {
  return async (input, init) => {
    const url = typeof input === 'object' && 'url' in input ? input.url : String(input)
    const handler = handlerOf(url)
    if (handler === undefined) return original(input, init)
    const request = new Request(input, init)
    const { signal } = request
    signal.throwIfAborted()
    const answer = handler.answer(request)
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    const response = await Promise.race([answer, aborted])
    return Object.defineProperty(response, 'url', { value: request.url })
  }
}

/** Creates the functions with which @mswjs/interceptors replaces Node's; they answer every request that they get. */
class HttpRequests extends ClientRequestInterceptor {
  functions(): { owner: object; name: string; protocol: string; call: Call }[] {
    const members = [
      { owner: http, name: 'request', protocol: 'http:' },
      { owner: http, name: 'get', protocol: 'http:' },
      { owner: http, name: 'ClientRequest', protocol: 'http:' },
      { owner: https, name: 'request', protocol: 'https:' },
      { owner: https, name: 'get', protocol: 'https:' },
    ]
    const before = members.map(({ owner, name }) => Object.getOwnPropertyDescriptor(owner, name))
    const { Headers: headersBefore } = globalThis
    // On top of Node's own functions, not of another library's, which would get the requests first.
    for (const [at, value] of ownFunctions().entries()) {
      const { owner, name } = members[at] ?? {}
      if (owner !== undefined && name !== undefined)
        Object.defineProperty(owner, name, { value, configurable: true, writable: true })
    }
    // Not apply(), which would join the instance of MSW or nock if there is one; only the functions are needed.
    this.setup()
    const made = members.map((member) => ({
      ...member,
      call: Reflect.get(member.owner, member.name) as Call,
    }))
    // Undoes only our own wrapper of Headers.
    if (globalThis.Headers !== headersBefore) for (const undo of this.subscriptions) undo()
    for (const [at, { owner, name }] of members.entries()) {
      const descriptor = before[at]
      if (descriptor !== undefined) Object.defineProperty(owner, name, descriptor)
    }
    this.emitter.on('request', async ({ request, controller }) => {
      try {
        const handler = handlerOf(request.url)
        if (handler === undefined) throw new Error(`the double of ${request.url} was closed`)
        controller.respondWith(await handler.answer(request))
      } catch (error) {
        controller.errorWith(isError(error) ? error : new Error(String(error)))
      }
    })
    return made
  }
}

/** Node's own `request`, `get` and `ClientRequest` of http, and `request` and `get` of https, even if they are patched. */
function ownFunctions(): object[] {
  let prototype: object = http.ClientRequest.prototype
  for (let above = prototype; above !== null && above !== http.OutgoingMessage.prototype; ) {
    prototype = above
    above = Object.getPrototypeOf(above)
  }
  const ClientRequest = prototype.constructor as typeof http.ClientRequest
  const request = (...args: ConstructorParameters<typeof http.ClientRequest>) => new ClientRequest(...args)
  // Like Node's own: merges the options of the URL with the others; the default agent is that of https.
  const secureRequest = (...args: unknown[]) => {
    const [first] = args
    const url = typeof first === 'string' ? new URL(first) : first
    const options = url instanceof URL ? urlToHttpOptions(url) : {}
    if (url instanceof URL) args.shift()
    if (typeof args[0] === 'object') Object.assign(options, args.shift())
    return Reflect.construct(ClientRequest, [
      { ...options, _defaultAgent: https.globalAgent },
      ...args,
    ]) as http.ClientRequest
  }
  const ended =
    (send: (...args: never[]) => http.ClientRequest) =>
    (...args: never[]) =>
      send(...args).end()
  return [request, ended(request), ClientRequest, secureRequest, ended(secureRequest)]
}

/** The URL in the arguments of `request` or `get`, with Node's precedence. */
function urlOfCall(defaultProtocol: string, [first, second]: unknown[]): string {
  const text = typeof first === 'string' || first instanceof URL ? String(first) : ''
  const base = URL.canParse(text) ? new URL(text) : undefined
  const options = (base === undefined ? first : second) as http.RequestOptions | undefined
  const stated = typeof options === 'object' ? options : {}
  const protocol = stated?.protocol ?? base?.protocol ?? defaultProtocol
  const hostname = stated?.hostname ?? stated?.host ?? base?.hostname ?? 'localhost'
  const port = stated?.port ?? base?.port ?? ''
  const path = stated?.path ?? (base === undefined ? '/' : base.pathname + base.search)
  return `${protocol}//${hostname}${port === '' || hostname.includes(':') ? '' : `:${port}`}${path}`
}

function handlerOf(url: string): HostHandler | undefined {
  if (!URL.canParse(url)) return undefined
  const [hostname, host] = hostsOf(url)
  const { pathname, search } = new URL(url)
  return handlers.findLast(
    ({ hosts, takes }) => (hosts.includes(hostname) || hosts.includes(host)) && takes(pathname + search),
  )
}

/** Not by `instanceof`, which fails for an error of another realm, as in a test runner's sandbox. */
function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value
}

/** Created when the module is loaded, before a test can replace Node's classes with those of a window. */
const nodeFunctions = new HttpRequests().functions()
