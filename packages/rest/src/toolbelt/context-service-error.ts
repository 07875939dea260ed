/** The codes of the vendor's client (docs/rest-contract.md, "Functions toolbelt's client"). `unkown` is its spelling. */
export const errorCodes = {
  notFound: 'com.liveperson.context-service-sdk.data.does-not-exist',
  unauthorized: 'com.liveperson.context-service-sdk.authorization.invalid',
  parameter: 'com.liveperson.context-service-sdk.parameter.invalid',
  service: 'com.liveperson.context-service-sdk.internal-server-error',
  timeout: 'com.liveperson.context-service-sdk.response-timeout',
  unknown: 'com.liveperson.context-service-sdk.unkown',
} as const

/** The code and message for a status, as in the vendor's client; any other status is `unkown`. */
const meanings: { readonly [status: number]: readonly [code: string, message: string] } = {
  403: [errorCodes.unauthorized, 'the API key is invalid or lacks permission'],
  404: [errorCodes.notFound, 'the namespace, session or property does not exist'],
  500: [errorCodes.service, 'the service failed'],
  503: [errorCodes.service, 'the service failed'],
}

/** The error of a `ContextServiceClient`. */
export class ContextServiceError extends Error {
  /** The name of the class. */
  override readonly name = 'ContextServiceError'
  /**
   * The code of the vendor's client: `com.liveperson.context-service-sdk.` and `data.does-not-exist`,
   * `authorization.invalid`, `parameter.invalid`, `internal-server-error`, `response-timeout` or `unkown`; or the code
   * of a connection error, such as `ECONNREFUSED`.
   */
  readonly code: string
  /** Creates the error. */
  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The error for an answer with an unexpected status. */
export function errorOfAnswer(status: number, text: string): ContextServiceError {
  const [code, message] = (Object.hasOwn(meanings, status) ? meanings[status] : undefined) ?? [
    errorCodes.unknown,
    messageIn(text) ?? `the service answered ${status}`,
  ]
  return new ContextServiceError(code, message)
}

/** The error for an invalid argument; no request is sent. */
export function invalidParameter(message: string): ContextServiceError {
  return new ContextServiceError(errorCodes.parameter, message)
}

function messageIn(text: string): string | undefined {
  try {
    const { message }: { message?: unknown } = JSON.parse(text)
    return typeof message === 'string' ? message : undefined
  } catch {
    return text === '' ? undefined : text.slice(0, 200)
  }
}
