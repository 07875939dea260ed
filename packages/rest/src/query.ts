import { decodePart } from './path.ts'
import { Refusal } from './refusal.ts'

/** The query of a request, decoded. */
export interface Query {
  /** The names in `include`; `undefined` without an `include`. */
  readonly include: readonly string[] | undefined
  /** A whole number; `undefined` without the parameter. If it is given twice, the last one counts. */
  wholeNumber(name: string): number | undefined
}

const emptyQuery: Query = { include: undefined, wholeNumber: () => undefined }

/**
 * Parses a query. `+` is a space, as `URLSearchParams` writes it.
 *
 * `include` is decoded and then split at its commas, since most query builders send a comma as `%2C`. Empty names are
 * ignored.
 *
 * @throws `Refusal` 400 for invalid encoding, even in an unknown parameter
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
      if (!/^\d{1,15}$/.test(text)) throw new Refusal(400, `${name}: must be a whole number, 0 or more`)
      return Number(text)
    },
  }
}

/** The token in a query, even if the rest of the query is invalid; `undefined` without a token. */
export function tokenIn(query: string): string | undefined {
  const [, token] = /(?:^|&)access_token=([^&]*)/.exec(query) ?? []
  return token === undefined ? undefined : decodePart(token.replaceAll('+', '%20'))
}

function decoded(text: string): string {
  const plain = decodePart(text.replaceAll('+', '%20'))
  if (plain === undefined) throw new Refusal(400, 'the query is not valid percent-encoded UTF-8')
  return plain
}
