import http from 'node:http'
import https from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { ClientRequestInterceptor } from '@mswjs/interceptors/ClientRequest'
import { patchMember } from './global-patches.ts'
import { hostsOf } from './hosts.ts'

/** What answers the requests to some hosts. */
export interface Stand {
  readonly hosts: readonly string[]
  /** Whether it answers requests to this target, a path with its query. */
  readonly takes: (target: string) => boolean
  /** Reads a clone of the request. Rejects with the error that the sender gets. */
  readonly answer: (request: Request) => Promise<Response>
}

type Call = (...args: unknown[]) => unknown

/** The stands in place, the latest last. */
const stands: Stand[] = []
let end = (): void => undefined

/**
 * Answers the requests of this process to a stand's hosts, until the returned function is called; if several stands
 * have the same host, the latest answers.
 */
export function intercept(stand: Stand): () => void {
  if (stands.length === 0) end = begin()
  stands.push(stand)
  return () => {
    stands.splice(stands.indexOf(stand), 1)
    if (stands.length === 0) end()
  }
}

/**
 * The patches are our own. Interceptors of @mswjs/interceptors share one instance for all libraries in the process:
 * whichever ends first takes the others' listeners or patches with it, and MSW and nock stand on the same ones. Here
 * a request to any other host goes to what was in place before, untouched.
 */
function begin(): () => void {
  const ends = [patchMember(globalThis, 'fetch', (original) => fetchBefore(original as typeof fetch))]
  for (const { owner, name, protocol, call } of nodeFunctions) {
    ends.push(
      patchMember(owner, name, (original) => {
        const isOurs = (args: unknown[]) => standOf(urlOfCall(protocol, args)) !== undefined
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
    const stand = standOf(url)
    if (stand === undefined) return original(input, init)
    const request = new Request(input, init)
    const { signal } = request
    signal.throwIfAborted()
    const answer = stand.answer(request)
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    const response = await Promise.race([answer, aborted])
    return Object.defineProperty(response, 'url', { value: request.url })
  }
}

/** Node's functions as @mswjs/interceptors makes them, which answer every request that they are given. */
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
    // Over Node's own, not over what a library has put there already, which would get the requests before this.
    for (const [at, value] of ownFunctions().entries()) {
      const { owner, name } = members[at] ?? {}
      if (owner !== undefined && name !== undefined)
        Object.defineProperty(owner, name, { value, configurable: true, writable: true })
    }
    // Not apply(): it joins the instance that MSW or nock may have in place, and what is wanted are the functions.
    this.setup()
    const made = members.map((member) => ({
      ...member,
      call: Reflect.get(member.owner, member.name) as Call,
    }))
    // Somebody else's wrapper of Headers stays.
    if (globalThis.Headers !== headersBefore) for (const undo of this.subscriptions) undo()
    for (const [at, { owner, name }] of members.entries()) {
      const descriptor = before[at]
      if (descriptor !== undefined) Object.defineProperty(owner, name, descriptor)
    }
    this.emitter.on('request', async ({ request, controller }) => {
      try {
        const stand = standOf(request.url)
        if (stand === undefined) throw new Error(`the double of ${request.url} was closed`)
        controller.respondWith(await stand.answer(request))
      } catch (error) {
        controller.errorWith(isError(error) ? error : new Error(String(error)))
      }
    })
    return made
  }
}

/** Node's `request`, `get` and `ClientRequest` of http, and `request` and `get` of https, whatever stands in their places. */
function ownFunctions(): object[] {
  let prototype: object = http.ClientRequest.prototype
  for (let above = prototype; above !== null && above !== http.OutgoingMessage.prototype; ) {
    prototype = above
    above = Object.getPrototypeOf(above)
  }
  const ClientRequest = prototype.constructor as typeof http.ClientRequest
  const request = (...args: ConstructorParameters<typeof http.ClientRequest>) => new ClientRequest(...args)
  // As Node's own does: the options of the URL and those beside it, with the agent of https unless they name one.
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

/** The URL that the arguments of `request` or `get` name; Node has the same precedence. */
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

function standOf(url: string): Stand | undefined {
  if (!URL.canParse(url)) return undefined
  const [hostname, host] = hostsOf(url)
  const { pathname, search } = new URL(url)
  return stands.findLast(
    ({ hosts, takes }) => (hosts.includes(hostname) || hosts.includes(host)) && takes(pathname + search),
  )
}

/** By its shape: an error of another realm, as in a test runner's sandbox, is no instance of this one's `Error`. */
function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value
}

/** Made at once: classes of a window, which a test may put in the place of Node's for a time, must not get into them. */
const nodeFunctions = new HttpRequests().functions()
