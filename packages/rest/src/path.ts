/** A decoded part of a path; `undefined` if its encoding is invalid. */
export type PathPart = string | undefined

/** A parsed request target. */
export interface Target {
  /** The parts of the path, without one trailing slash. Any other empty part is an empty string. */
  readonly parts: readonly PathPart[]
  /** The part after the `?`, as it was sent. */
  readonly query: string
}

/** The request target of a URL: all but the fragment, which clients do not send. */
export function targetOfUrl(url: string): string {
  const fragment = url.indexOf('#')
  return fragment === -1 ? url : url.slice(0, fragment)
}

/**
 * Parses a request target: `/path?query`, optionally with scheme and host before it. A path that does not begin with a
 * slash has no parts.
 *
 * Does not use `URL`, which resolves `.`, `..`, `%2e` and `%2e%2e`: here they are ids like any other.
 */
export function readTarget(target: string): Target {
  const origin = target.startsWith('/') ? '' : (/^https?:\/\/[^/?#]*/i.exec(target)?.[0] ?? '')
  const mark = target.indexOf('?', origin.length)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  const path = target.slice(origin.length, mark === -1 ? undefined : mark)
  if (!path.startsWith('/')) return { parts: [], query }
  const parts = path.slice(1).split('/')
  if (parts.at(-1) === '') parts.pop()
  return { parts: isPlain(path) ? parts : parts.map(decodePart), query }
}

/** Whether there is nothing to decode, as in most targets. */
function isPlain(text: string): boolean {
  return /^[!"$&-~]*$/.test(text)
}

/** Decodes a part; `undefined` if its percent-encoding is invalid. */
export function decodePart(part: string): PathPart {
  if (isPlain(part)) return part
  // A target has only visible ASCII (RFC 9112, 3.2) and no fragment: another character, or a `#`, should have been
  // encoded, and its meaning is unclear.
  if (/[^!-~]|#/.test(part)) return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
