import { decodePart } from './path.ts'
import { Refusal } from './refusal.ts'

/** The query of a request, decoded. */
export interface Query {
  /** The names that it includes; `undefined` where it does not speak of it. */
  readonly include: readonly string[] | undefined
  /** A whole number; `undefined` where there is none. Of a parameter written twice the last one counts. */
  wholeNumber(name: string): number | undefined
}

const emptyQuery: Query = { include: undefined, wholeNumber: () => undefined }

/**
 * Reads a query; `+` is a space, as `URLSearchParams` writes it.
 *
 * `include` is decoded and then split at its commas: most query builders send a comma as `%2C`. What is empty names
 * nothing.
 *
 * @throws `Refusal` 400 for an encoding that is broken, in a parameter that nobody asks for too
 */
export function readQuery(query: string): Query {
  if (query === '') return emptyQuery
  let include: string[] | undefined
  const values = new Map<string, string>()
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = decoded(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === 'include') include = [...(include ?? []), ...value.split(',').filter((one) => one !== '')]
    else values.set(name, value)
  }
  return {
    include,
    wholeNumber(name) {
      const text = values.get(name)
      if (text === undefined) return undefined
      if (!/^\d{1,15}$/.test(text)) throw new Refusal(400, `${name}: a whole number`)
      return Number(text)
    },
  }
}

/** The token in a query, wherever the rest of it is broken; `undefined`: none. */
export function tokenIn(query: string): string | undefined {
  const [, token] = /(?:^|&)access_token=([^&]*)/.exec(query) ?? []
  return token === undefined ? undefined : decodePart(token.replaceAll('+', '%20'))
}

function decoded(text: string): string {
  const plain = decodePart(text.replaceAll('+', '%20'))
  if (plain === undefined) throw new Refusal(400, 'the query is not percent-encoded UTF-8')
  return plain
}
