import { Refusal } from './refusal.ts'

/** A part of a path, decoded; `undefined` where its encoding is broken. */
export type PathPart = string | undefined

/** A request target, taken apart. */
export interface Target {
  /** The account, where the path has one to show; a broken one is `undefined` too. */
  readonly account: PathPart
  /** Whether the path has a place for an account at all. */
  readonly hasAccount: boolean
  /** What follows the account; `undefined`: no path of this service. */
  readonly rest: readonly PathPart[] | undefined
  /** What follows the `?`, as it was sent. */
  readonly query: string
}

/** The request target in a URL; a fragment is nobody's business but the client's. */
export function targetOfUrl(url: string): string {
  const fragment = url.indexOf('#')
  return fragment === -1 ? url : url.slice(0, fragment)
}

/**
 * Takes a request target apart: `/path?query`, or with scheme and host before it.
 *
 * Written by hand, since `URL` resolves `.`, `..`, `%2e` and `%2e%2e`, which are ids like any other here. One
 * trailing slash is ignored; any other empty part makes a path that is not there.
 */
export function readTarget(target: string, prefixes: readonly string[]): Target {
  const origin = target.startsWith('/') ? '' : (/^https?:\/\/[^/?#]*/i.exec(target)?.[0] ?? '')
  const mark = target.indexOf('?', origin.length)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  const [beforeSlash, ...parts] = target.slice(origin.length, mark === -1 ? undefined : mark).split('/')
  if (parts.at(-1) === '') parts.pop()
  const [version, prefix, account, ...rest] = parts.map(decodePart)
  const known = beforeSlash === '' && version === 'v1' && prefix !== undefined && prefixes.includes(prefix)
  const hasAccount = known && parts.length > 2 && parts[2] !== ''
  return {
    account: hasAccount ? account : undefined,
    hasAccount,
    rest: hasAccount && !parts.includes('') ? rest : undefined,
    query,
  }
}

/**
 * The names that the query includes; `undefined` where it does not speak of it.
 *
 * Split at the commas as they were sent and then decoded, so that a name may hold one; `+` is a space, as
 * `URLSearchParams` writes it. What is empty names nothing.
 */
export function readInclude(query: string): readonly string[] | undefined {
  let names: string[] | undefined
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const name = decodeQuery(equals === -1 ? pair : pair.slice(0, equals))
    const values = (equals === -1 ? '' : pair.slice(equals + 1)).split(',').map(decodeQuery)
    if (name === 'include') names = [...(names ?? []), ...values.filter((value) => value !== '')]
  }
  return names
}

function decodeQuery(text: string): string {
  const decoded = decodePart(text.replaceAll('+', '%20'))
  if (decoded === undefined) throw new Refusal(400, 'the query is not percent-encoded UTF-8')
  return decoded
}

function decodePart(part: string): PathPart {
  if (/^[!"$&-~]*$/.test(part)) return part
  // No target holds anything but visible ASCII (RFC 9112, 3.2), and no fragment is ever sent: what looks like
  // one has lost its encoding, and with it whatever it meant.
  if (/[^!-~]|#/.test(part)) return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
