/** The answer of an operation; its body is JSON text. */
export interface Answer {
  readonly status: number
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

const jsonHeaders = { 'content-type': 'application/json' }

/** Success, without a body. */
export const noContent: Answer = { status: 204, body: undefined, headers: {} }

/** A value as JSON. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, body: JSON.stringify(value), headers: jsonHeaders }
}

/** An error; every one has this form (docs/rest-contract.md, "Requests"). */
export function errorAnswer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: JSON.stringify({ message }), headers: { ...jsonHeaders, ...headers } }
}
