/** What an operation answers; a body is JSON text. */
export interface Answer {
  readonly status: number
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

const jsonHeaders = { 'content-type': 'application/json' }

/** Done, and nothing to say. */
export const noContent: Answer = { status: 204, body: undefined, headers: {} }

/** A value as JSON. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, body: JSON.stringify(value), headers: jsonHeaders }
}

/** The form that every error has (WIRE.md, "Meaning"). */
export function errorAnswer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: JSON.stringify({ message }), headers: { ...jsonHeaders, ...headers } }
}
