import { InputError } from './input-error.ts'

/**
 * The longest line that is accepted, in bytes: the JSON of a session has at most 800,000 UTF-16 units, each of which
 * may be written as `\u0000`; the rest is for its address.
 */
const maxLineBytes = 6 * 800_000 + 100_000

/** A line that is not empty. */
export interface Line {
  readonly text: string
  /** Its number; the first line is 1. */
  readonly line: number
  /** Its length in the input, with its line break. */
  readonly bytes: number
}

/** The lines of an input that are not empty. Reads no faster than they are consumed. */
export async function* linesOf(input: AsyncIterable<Buffer>, name: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  let parts: Buffer[] = []
  let length = 0
  let line = 0
  const decoded = (): Line | undefined => {
    line++
    const bytes = length
    const whole = Buffer.concat(parts, bytes)
    parts = []
    length = 0
    try {
      const text = decoder.decode(whole).trim()
      return text === '' ? undefined : { text, line, bytes: bytes + 1 }
    } catch {
      throw new InputError(`${name}, line ${line}: invalid UTF-8`)
    }
  }
  for await (const chunk of input) {
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at))
      length += at - from
      from = at + 1
      const next = decoded()
      if (next !== undefined) yield next
    }
    parts.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > maxLineBytes)
      throw new InputError(`${name}, line ${line + 1}: longer than ${maxLineBytes} bytes`)
  }
  const last = decoded()
  if (last !== undefined) yield last
}
