import {
  ContextStoreError,
  CorruptDataError,
  StoreUnavailableError,
  UnauthorizedError,
} from '@context-store/core'
import type { AccountKeys } from './account-keys.ts'

/** The longest answer that is read, in bytes. */
const maxAnswerBytes = 64 * 2 ** 20

/** A request to the service. */
export interface ServiceRequest {
  /** Whose it is; decides the key. */
  readonly account: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the base, each part of it encoded. */
  readonly path: string
  /** What is sent as JSON. */
  readonly body?: object
}

/** What the service said. */
export interface ServiceAnswer {
  readonly status: number
  /** The text of its body. */
  readonly text: string
}

interface ServiceCallsOptions {
  readonly base: string
  readonly keys: AccountKeys
  readonly timeoutMs: number
  readonly retries: number
  readonly fetch: typeof fetch | undefined
}

/**
 * Errors of a connection that was never made, so that the service has seen nothing: those of Node's sockets and
 * resolver, and undici's own.
 */
const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Makes requests within their time, again where they never arrived, and with another key where that was refused. */
export class ServiceCalls {
  readonly #options: ServiceCallsOptions

  constructor(options: ServiceCallsOptions) {
    this.#options = options
  }

  /** Asks the service; whatever status it answers with but 401 and 403 is the caller's to read. */
  async call(request: ServiceRequest): Promise<ServiceAnswer> {
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), this.#options.timeoutMs)
    try {
      return await this.#authorized(request, deadline.signal)
    } finally {
      clearTimeout(timer)
    }
  }

  async #authorized(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer> {
    const { keys } = this.#options
    const key = await unlessAborted(keys.of(request.account), signal)
    const answer = await this.#arriving(request, key, signal)
    if (answer.status !== 401 && answer.status !== 403) return answer
    if (!keys.canReplace) throw refusedKey(request)
    const another = await unlessAborted(keys.instead(request.account, key), signal)
    const second = another === key ? answer : await this.#arriving(request, another, signal)
    if (second.status === 401 || second.status === 403) throw refusedKey(request)
    return second
  }

  async #arriving(request: ServiceRequest, key: string, signal: AbortSignal): Promise<ServiceAnswer> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(request, key, signal)
      } catch (error) {
        if (ContextStoreError.is(error)) throw error
        const arrived = !neverSent.has(codeOf(error))
        if (arrived || attempt >= this.#options.retries || signal.aborted) {
          throw unavailable(request, error, signal, arrived)
        }
      }
      // Between half and all of a time that doubles, so that many clients do not come back together.
      await pause(100 * 2 ** attempt * (0.5 + Math.random() / 2), signal)
    }
  }

  async #once(request: ServiceRequest, key: string, signal: AbortSignal): Promise<ServiceAnswer> {
    const { base, fetch = globalThis.fetch } = this.#options
    const { method, path, body } = request
    const response = await fetch(base + path, {
      method,
      headers: {
        'maven-api-key': key,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
      // Another host is not to be told the key.
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
    })
    return { status: response.status, text: await textOf(response) }
  }
}

async function textOf(response: Response): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let length = 0
  for (let part = await reader.read(); ; part = await reader.read()) {
    length += part.value?.length ?? 0
    if (length > maxAnswerBytes) {
      await reader.cancel()
      throw new CorruptDataError(`the service's answer is longer than ${maxAnswerBytes} bytes`)
    }
    try {
      text += decoder.decode(part.value, { stream: !part.done })
    } catch (cause) {
      throw new CorruptDataError("the service's answer is not UTF-8", { cause })
    }
    if (part.done) return text
  }
}

/** The code that the host gives an error of a connection, from wherever in its causes it stands. */
function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    // One attempt for each address of a host: all of them have failed alike when none was reached.
    const failed = at instanceof AggregateError ? at.errors[0] : at
    if (failed instanceof Error && 'code' in failed && typeof failed.code === 'string') return failed.code
  }
  return ''
}

function unavailable(
  { account, method }: ServiceRequest,
  cause: unknown,
  signal: AbortSignal,
  arrived: boolean,
): StoreUnavailableError {
  const reason = signal.aborted ? 'did not answer in time' : 'cannot be reached, or broke the connection'
  const outcome = arrived && method !== 'GET' ? 'unknown' : 'not-applied'
  return new StoreUnavailableError(`the service ${reason}`, { cause, address: { account }, outcome })
}

function refusedKey({ account }: ServiceRequest): UnauthorizedError {
  return new UnauthorizedError('the service refuses the key', { address: { account } })
}

/** What comes of `promise`, unless the time is over first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new StoreUnavailableError('apiKey: the function did not answer in time'))
    signal.addEventListener('abort', late, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', late))
  })
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end, { once: true })
  })
}
