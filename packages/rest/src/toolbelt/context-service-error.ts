/** The codes of the vendor's client (docs/rest-contract.md, "Functions toolbelt's client"); the last is spelled so. */
export const errorCodes = {
  notFound: 'com.liveperson.context-service-sdk.data.does-not-exist',
  unauthorized: 'com.liveperson.context-service-sdk.authorization.invalid',
  parameter: 'com.liveperson.context-service-sdk.parameter.invalid',
  service: 'com.liveperson.context-service-sdk.internal-server-error',
  timeout: 'com.liveperson.context-service-sdk.response-timeout',
  unknown: 'com.liveperson.context-service-sdk.unkown',
} as const

/** What an answer's status means to the vendor's client; any other is `unkown`. */
const meanings: { readonly [status: number]: readonly [code: string, message: string] } = {
  403: [errorCodes.unauthorized, 'the API key is invalid or without permission'],
  404: [errorCodes.notFound, 'it does not exist'],
  500: [errorCodes.service, 'the service failed'],
  503: [errorCodes.service, 'the service failed'],
}

/** What a `ContextServiceClient` throws. */
export class ContextServiceError extends Error {
  /** The name of the class. */
  override readonly name = 'ContextServiceError'
  /**
   * What is wrong, as the vendor's client says it: `com.liveperson.context-service-sdk.` and `data.does-not-exist`,
   * `authorization.invalid`, `parameter.invalid`, `internal-server-error`, `response-timeout` or `unkown`; or the code
   * of a connection that failed, such as `ECONNREFUSED`.
   */
  readonly code: string
  /** Creates the error. */
  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The error for an answer whose status does not mean success. */
export function errorOfAnswer(status: number, text: string): ContextServiceError {
  const [code, message] = (Object.hasOwn(meanings, status) ? meanings[status] : undefined) ?? [
    errorCodes.unknown,
    messageIn(text) ?? `the service answered ${status}`,
  ]
  return new ContextServiceError(code, message)
}

/** The error for an invalid argument, for which nothing is sent. */
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
