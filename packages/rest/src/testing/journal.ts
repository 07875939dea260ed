import { InvalidOptionError, type JsonValue, StoreUnavailableError } from '@context-store/core'
import { checkMembers } from './members.ts'

/** How many requests are kept, and how many bytes of bodies; of more, the first ones are forgotten. */
const mostRequests = 1000
const mostBytes = 16_000_000

/** A request that the double got. Keys are left out of it: `maven-api-key`, `authorization`, `access_token`. */
export interface RecordedRequest {
  /** The method. */
  readonly method: string
  /** The path with its query, as it was sent. */
  readonly path: string
  /** The headers, with lower-case names. */
  readonly headers: { readonly [name: string]: string }
  /** The body: a JSON value, or the text where it is none; `undefined` where there was none, or one past the bound. */
  readonly body: JsonValue | undefined
  /** The status of the answer; `undefined` while there is none, and where a fault broke the connection. */
  status?: number
}

/** Which requests are meant: those that have all of it. */
export interface RequestMatch {
  /** The method, in capitals. */
  readonly method?: string | undefined
  /** A part of the path with its query, or a pattern of it. */
  readonly path?: string | RegExp | undefined
}

/** How long to wait for a request. */
export interface WaitOptions {
  /** In milliseconds: 1,000 if none. */
  readonly timeoutMs?: number | undefined
}

/** Refuses a match that cannot be; `what` says where it stands. */
export function checkMatch(what: string, match: RequestMatch): void {
  checkMembers(what, match, ['method', 'path'])
  const { method, path } = match
  if (method !== undefined && typeof method !== 'string')
    throw new InvalidOptionError(`${what}.method: a string`)
  if (path !== undefined && typeof path !== 'string' && !isPattern(path)) {
    throw new InvalidOptionError(`${what}.path: a string or a pattern`)
  }
}

/** Another realm's too, as in a test runner's sandbox. */
function isPattern(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object RegExp]'
}

/** Whether a request is one of those that are meant. */
export function matches(request: RecordedRequest, { method, path }: RequestMatch = {}): boolean {
  if (method !== undefined && method !== request.method) return false
  if (path === undefined) return true
  return typeof path === 'string' ? request.path.includes(path) : request.path.search(path) !== -1
}

/** What a double was asked. */
export class Journal {
  readonly requests: RecordedRequest[] = []
  /** The length of each one's body. */
  readonly #lengths: number[] = []
  #bytes = 0
  readonly #waiting = new Set<(request: RecordedRequest) => void>()

  /** Notes a request, before anything is done about it. */
  note(
    method: string,
    target: string,
    headers: Iterable<readonly [name: string, value: string]>,
    body: Uint8Array | undefined,
  ): RecordedRequest {
    const shown = [...headers].map(([name, value]) => [name, isSecret(name) ? 'redacted' : value])
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

  /** Forgets them all. */
  clear(): void {
    this.requests.length = 0
    this.#lengths.length = 0
    this.#bytes = 0
  }

  /** The first request that is meant, one that came already or the next. */
  wait(match: RequestMatch, timeoutMs: number): Promise<RecordedRequest> {
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
        reject(new StoreUnavailableError(`no such request came within ${timeoutMs} ms`))
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
