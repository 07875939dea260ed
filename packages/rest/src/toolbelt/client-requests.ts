import { ContextServiceError, errorCodes, errorOfAnswer } from './context-service-error.ts'

/** How long the vendor's client waits for an answer, and how many times it sends a request that gets none. */
const timeoutMs = 10_000
const attempts = 3

/** The connection errors after which the vendor's client retries. */
const retried: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ENOTFOUND',
  'ESOCKETTIMEDOUT',
  'ETIMEDOUT',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EPIPE',
  'EAI_AGAIN',
])

/** The codes of Node's sockets for undici's codes. */
const codesOfSockets: { readonly [code: string]: string } = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
}

/** Sends a request, and returns the text of the answer. Throws for a status that the vendor's client does not accept. */
export async function send(
  fetch: typeof globalThis.fetch,
  url: string,
  init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string },
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(url, { ...init, signal, redirect: 'manual' })
      const text = await response.text()
      if (response.status === (init.method === 'GET' ? 200 : 204)) return text
      throw errorOfAnswer(response.status, text)
    } catch (cause) {
      if (cause instanceof ContextServiceError) throw cause
      if (signal.aborted) {
        throw new ContextServiceError(errorCodes.timeout, `no answer within ${timeoutMs} ms`, { cause })
      }
      const code = codeOf(cause)
      if (!retried.has(code) || attempt === attempts)
        throw new ContextServiceError(code, messageOf(cause), { cause })
    }
    // The vendor's client waits for seconds; this one keeps tests fast.
    await new Promise((resolve) => setTimeout(resolve, 50 * attempt))
  }
}

/** The code of a connection error, from the error or one of its causes. */
function codeOf(error: unknown): string {
  let at = error
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth++) {
    if ('code' in at && typeof at.code === 'string') return codesOfSockets[at.code] ?? at.code
    at = 'cause' in at ? at.cause : undefined
  }
  return errorCodes.unknown
}

/** Not by `instanceof`, which fails for an error of another realm. */
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error)
}
