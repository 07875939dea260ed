/** The answer of an operation. */
export interface Answer {
  readonly status: number
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

const jsonHeaders = { 'content-type': 'application/json' }

/** Success without a body. */
export const noContent: Answer = { status: 204, body: undefined, headers: {} }

/** A value as JSON. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, body: JSON.stringify(value), headers: jsonHeaders }
}

/** A string as plain text. */
export function textAnswer(text: string): Answer {
  return { status: 200, body: text, headers: { 'content-type': 'text/plain; charset=utf-8' } }
}

/** An answer without its body, but with the body's length: the answer to HEAD. */
export function withoutBody({ status, body, headers }: Answer): Answer {
  if (body === undefined) return { status, body, headers }
  const length = new TextEncoder().encode(body).length
  return { status, body: undefined, headers: { ...headers, 'content-length': String(length) } }
}

/** An error. All errors have this form (docs/rest-contract.md, "Requests"). */
export function errorAnswer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: JSON.stringify({ message }), headers: { ...jsonHeaders, ...headers } }
}
