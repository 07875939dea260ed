/** A part of a path, decoded; `undefined` where its encoding is broken. */
export type PathPart = string | undefined

/** A request target, taken apart. */
export interface Target {
  /** The parts of the path, without one trailing slash; any other empty part shows as an empty text. */
  readonly parts: readonly PathPart[]
  /** What follows the `?`, as it was sent. */
  readonly query: string
}

/** The request target in a URL; a fragment is nobody's business but the client's. */
export function targetOfUrl(url: string): string {
  const fragment = url.indexOf('#')
  return fragment === -1 ? url : url.slice(0, fragment)
}

/**
 * Takes a request target apart: `/path?query`, or with scheme and host before it. What begins with no slash has
 * no parts.
 *
 * Written by hand, since `URL` resolves `.`, `..`, `%2e` and `%2e%2e`, which are ids like any other here.
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

/** Whether there is nothing to decode: most targets, in one look. */
function isPlain(text: string): boolean {
  return /^[!"$&-~]*$/.test(text)
}

/** A part without its percent-encoding; `undefined` where that is broken. */
export function decodePart(part: string): PathPart {
  if (isPlain(part)) return part
  // No target holds anything but visible ASCII (RFC 9112, 3.2), and no fragment is ever sent: what looks like
  // one has lost its encoding, and with it whatever it meant.
  if (/[^!-~]|#/.test(part)) return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
