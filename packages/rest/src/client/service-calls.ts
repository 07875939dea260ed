import {
  ContextStoreError,
  CorruptDataError,
  StoreUnavailableError,
  UnauthorizedError,
} from '@context-store/core'
import type { AccountKeys } from './account-keys.ts'
import { errorOf, outcomeOf } from './service-errors.ts'
import type { ServiceAnswer, ServiceRequest } from './service-exchange.ts'

/** The longest answer that is accepted, in bytes. */
const maxAnswerBytes = 64 * 2 ** 20

interface ServiceCallsOptions {
  readonly base: string
  readonly keys: AccountKeys
  readonly timeoutMs: number
  readonly retries: number
  readonly fetch: typeof fetch | undefined
}

/**
 * The codes of errors before a connection was made, so that the service received nothing: those of Node's sockets and
 * resolver, and of undici.
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

/** Sends requests with a timeout, retries those that never reached the service, and replaces a refused API key. */
export class ServiceCalls {
  readonly timeoutMs: number
  readonly #options: ServiceCallsOptions

  constructor(options: ServiceCallsOptions) {
    this.timeoutMs = options.timeoutMs
    this.#options = options
  }

  /** Sends a request. The caller handles all statuses except 401 and 403. */
  call(request: ServiceRequest): Promise<ServiceAnswer> {
    return this.#inTime((signal) => this.#authorized(request, signal))
  }

  /**
   * The status of a path without an account, so no function is asked for a key. Without a key, a 401 or 403 is a status
   * like any other.
   */
  statusOf(path: string): Promise<number> {
    const key = this.#options.keys.ofAll
    const request: ServiceRequest = { account: '', method: 'GET', path }
    return this.#inTime(async (signal) => {
      const { status } = await this.#arriving(request, key, signal)
      if (key !== undefined && (status === 401 || status === 403)) throw refusedKey(request)
      return status
    })
  }

  /** Sends requests one after the other, all within the timeout of one call. Stops at the first that fails. */
  inOrder(requests: readonly ServiceRequest[], isSuccess: (answer: ServiceAnswer) => boolean): Promise<void> {
    return this.#inTime(async (signal) => {
      let isLater = false
      for (const each of requests) {
        const request = { ...each, isLater }
        const answer = await this.#authorized(request, signal)
        if (!isSuccess(answer)) throw errorOf(answer, request)
        isLater = true
      }
    })
  }

  async #inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), this.timeoutMs)
    try {
      return await work(deadline.signal)
    } finally {
      clearTimeout(timer)
    }
  }

  async #authorized(request: ServiceRequest, signal: AbortSignal): Promise<ServiceAnswer> {
    const { keys } = this.#options
    const late = (): Error => {
      keys.forget(request.account)
      return noKey(request)
    }
    const key = await unlessAborted(keys.of(request.account), signal, late)
    const answer = await this.#arriving(request, key, signal)
    if (answer.status !== 401 && answer.status !== 403) return answer
    if (!keys.canReplace) throw refusedKey(request)
    const another = await unlessAborted(keys.instead(request.account, key), signal, late)
    const second = another === key ? answer : await this.#arriving(request, another, signal)
    if (second.status === 401 || second.status === 403) throw refusedKey(request)
    return second
  }

  async #arriving(
    request: ServiceRequest,
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<ServiceAnswer> {
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = this.#once(request, key, signal)
        // A `fetch` from the options may ignore the signal.
        return await unlessAborted(answer, signal, () => unavailable(request, signal.reason, signal, false))
      } catch (error) {
        if (ContextStoreError.is(error)) throw error
        const isNeverSent = neverSent.has(codeOf(error))
        if (!isNeverSent || attempt >= this.#options.retries || signal.aborted) {
          throw unavailable(request, error, signal, isNeverSent)
        }
        // Exponential backoff with jitter, so that many clients do not retry at the same moment.
        await pause(100 * 2 ** attempt * (0.5 + Math.random() / 2), signal)
        if (signal.aborted) throw unavailable(request, error, signal, true)
      }
    }
  }

  async #once(request: ServiceRequest, key: string | undefined, signal: AbortSignal): Promise<ServiceAnswer> {
    const { base, fetch = globalThis.fetch } = this.#options
    const { method, path, body } = request
    const response = await fetch(base + path, {
      method,
      headers: {
        ...(key !== undefined && { 'maven-api-key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
      // Another host must not get the API key. Not `error`, which Cloudflare's workerd does not support.
      redirect: 'manual',
      ...whereKnown({ credentials: 'omit', cache: 'no-store' }),
    })
    return { status: response.status, text: await textOf(response, request) }
  }
}

/** The members that this runtime's requests support: workerd throws for others. */
function whereKnown(init: Pick<RequestInit, 'credentials' | 'cache'>): RequestInit {
  const known = Object.entries(init).filter(([name]) => name in (globalThis.Request?.prototype ?? {}))
  return Object.fromEntries(known)
}

async function textOf(response: Response, request: ServiceRequest): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const outcome = outcomeOf(request, false)
  let text = ''
  let length = 0
  for (let part = await reader.read(); ; part = await reader.read()) {
    length += part.value?.length ?? 0
    if (length > maxAnswerBytes) {
      await reader.cancel()
      throw new CorruptDataError(`the service's answer is longer than ${maxAnswerBytes} bytes`, { outcome })
    }
    try {
      text += decoder.decode(part.value, { stream: !part.done })
    } catch (cause) {
      throw new CorruptDataError("the service's answer is not UTF-8", { cause, outcome })
    }
    if (part.done) return text
  }
}

/** The runtime's code for a connection error, from the error or one of its causes. */
function codeOf(error: unknown): string {
  for (let at = error, depth = 0; isErrorLike(at) && depth < 5; at = at.cause, depth++) {
    // One error for each address of a host, if none was reached; the first stands for all.
    const failed: unknown = Array.isArray(at.errors) ? at.errors[0] : at
    if (isErrorLike(failed) && typeof failed.code === 'string') return failed.code
  }
  return ''
}

interface ErrorLike {
  readonly code?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

/** Not by `instanceof`, which fails for an error of another realm, as in a test runner's sandbox. */
function isErrorLike(value: unknown): value is ErrorLike {
  return typeof value === 'object' && value !== null
}

function unavailable(
  request: ServiceRequest,
  cause: unknown,
  signal: AbortSignal,
  isNeverSent: boolean,
): StoreUnavailableError {
  const reason = signal.aborted ? 'did not answer in time' : 'cannot be reached, or the connection broke'
  return new StoreUnavailableError(`the service ${reason}`, {
    cause,
    outcome: outcomeOf(request, isNeverSent),
  })
}

function refusedKey(request: ServiceRequest): UnauthorizedError {
  return new UnauthorizedError('the service refuses the API key', { outcome: outcomeOf(request, true) })
}

function noKey(request: ServiceRequest): StoreUnavailableError {
  const outcome = outcomeOf(request, true)
  return new StoreUnavailableError('apiKey: the function did not return a key in time', { outcome })
}

/** The value of `promise`; rejects with `late()` if the signal is aborted first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(late())
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
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
