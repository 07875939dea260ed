import { InvalidOptionError, type JsonValue, StoreUnavailableError } from '@context-store/core'
import { checkedOptions } from '@context-store/core/adapter'
import { checkMembers } from './members.ts'

/** The limits for the kept requests: their number, and the bytes of their bodies. Beyond these the oldest are dropped. */
const mostRequests = 1000
const mostBytes = 16_000_000

/** The longest delay of a timer in Node or a browser. */
const mostTimeoutMs = 2 ** 31 - 1

/** A request that the double received. API keys are redacted: `maven-api-key`, `authorization`, `access_token`. */
export interface RecordedRequest {
  /** The method. */
  readonly method: string
  /** The path with its query, as it was sent. */
  readonly path: string
  /** The headers, with lower-case names. */
  readonly headers: { readonly [name: string]: string }
  /** The body: its JSON value, or its text if it is not JSON; `undefined` if there is none, or it is too long. */
  readonly body: JsonValue | undefined
  /** The status of the answer; `undefined` if there is none yet, or a fault broke the connection. */
  status?: number
}

/** Which requests match: all given members must match. */
export interface RequestMatch {
  /** The method, in upper or lower case. */
  readonly method?: string | undefined
  /** A substring of the path with its query, or a regular expression. */
  readonly path?: string | RegExp | undefined
}

/** How long to wait for a request. */
export interface WaitOptions {
  /** The timeout in milliseconds: 0 to 2,147,483,647, default 1,000. */
  readonly timeoutMs?: number | undefined
}

/** Throws if a match is invalid; `what` names it in the message. */
export function checkMatch(what: string, match: RequestMatch): void {
  checkMembers(what, match, ['method', 'path'])
  const { method, path } = match
  if (method !== undefined && !(typeof method === 'string' && /^[a-z]+$/i.test(method))) {
    throw new InvalidOptionError(`${what}.method: must be the name of one method, such as PATCH`)
  }
  if (path !== undefined && typeof path !== 'string' && !isPattern(path)) {
    throw new InvalidOptionError(`${what}.path: must be a string or a regular expression`)
  }
}

/** Not by `instanceof`, which fails for one of another realm, as in a test runner's sandbox. */
function isPattern(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object RegExp]'
}

/** Whether a request matches. */
export function matches(request: RecordedRequest, { method, path }: RequestMatch = {}): boolean {
  if (method !== undefined && method.toUpperCase() !== request.method.toUpperCase()) return false
  if (path === undefined) return true
  return typeof path === 'string' ? request.path.includes(path) : request.path.search(path) !== -1
}

/** The requests that a double received. */
export class Journal {
  readonly requests: RecordedRequest[] = []
  /** The length of each request's body. */
  readonly #lengths: number[] = []
  /** The method and path of each request that neither the contract nor a fault handled. */
  readonly unhandled: string[] = []
  #bytes = 0
  readonly #waiting = new Set<(request: RecordedRequest) => void>()

  /** Records a request, before it is served. */
  note(
    method: string,
    target: string,
    headers: Iterable<readonly [name: string, value: string]>,
    body: Uint8Array | undefined,
  ): RecordedRequest {
    // In some runtimes `Headers` keeps the case of the names.
    const shown = [...headers].map(([sent, value]) => {
      const name = sent.toLowerCase()
      return [name, isSecret(name) ? 'redacted' : value]
    })
    const recorded: RecordedRequest = {
      method,
      path: target.replace(/(access_token=)[^&]*/g, '$1redacted'),
      headers: Object.fromEntries(shown),
      body: bodyOf(new TextDecoder().decode(body)),
    }
    const length = body?.length ?? 0
    this.requests.push(recorded)
    this.#lengths.push(length)
    this.#bytes += length
    while (this.requests.length > mostRequests || this.#bytes > mostBytes) {
      this.requests.shift()
      this.#bytes -= this.#lengths.shift() ?? 0
    }
    for (const hear of this.#waiting) hear(recorded)
    return recorded
  }

  /** Records a request in {@link unhandled}. */
  noteUnhandled({ method, path }: RecordedRequest): void {
    if (this.unhandled.length < mostRequests) this.unhandled.push(`${method} ${path}`)
  }

  /** Removes all requests. */
  clear(): void {
    this.unhandled.length = 0
    this.requests.length = 0
    this.#lengths.length = 0
    this.#bytes = 0
  }

  /** The first request that matches: one already received, or the next. */
  wait(match: RequestMatch, options: WaitOptions | undefined): Promise<RecordedRequest> {
    const { timeoutMs = 1000 } = checkedOptions(options, ['timeoutMs'], 'waitForRequest')
    if (!(timeoutMs >= 0 && timeoutMs <= mostTimeoutMs)) {
      throw new InvalidOptionError(`timeoutMs: must be a number from 0 to ${mostTimeoutMs}`)
    }
    const found = this.requests.find((request) => matches(request, match))
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve, reject) => {
      const hear = (request: RecordedRequest): void => {
        if (!matches(request, match)) return
        this.#waiting.delete(hear)
        clearTimeout(timer)
        resolve(request)
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(hear)
        reject(new StoreUnavailableError(`no matching request arrived within ${timeoutMs} ms`))
      }, timeoutMs)
      this.#waiting.add(hear)
    })
  }
}

function isSecret(header: string): boolean {
  return header === 'maven-api-key' || header === 'authorization'
}

function bodyOf(text: string): JsonValue | undefined {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
