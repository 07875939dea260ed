import { anyValue, headLength, noSession, offsets } from './session-layout.ts'

/** The lines of a session that is too large for a script, so that the client decides. */
export class SessionLines {
  /** The length of the properties, in bytes. */
  readonly length: number
  /** The length when the session was last rewritten. */
  readonly lengthThen: number
  readonly #head: string | undefined
  readonly #bytes: number
  /** The last line of each name, by the name as JSON. */
  readonly #lines = new Map<string, string>()

  /** @param text - the session's string; `undefined` if there is no such session */
  constructor(text: string | undefined) {
    const bytes = text === undefined ? headLength + 1 : Buffer.byteLength(text)
    this.#head = text?.slice(0, headLength)
    this.#bytes = bytes
    this.length = bytes - headLength
    this.lengthThen = Number(text?.slice(offsets.base, offsets.base + 9) ?? 1)
    if (text !== undefined) this.add(text.slice(headLength + 1))
  }

  /**
   * The stamp of the session as it was read, as scripts take it.
   *
   * @param room - how many bytes may have been appended since
   */
  stamp(room: number): string {
    return this.#head === undefined ? noSession : `${this.#head}${this.#bytes} ${room}`
  }

  /** Adds lines; a later line replaces an earlier one with the same name. */
  add(text: string): void {
    for (const line of text.split('\n')) if (line !== '') this.#lines.set(nameOf(line), line)
  }

  /** Removes properties by their names as JSON; returns whether any of them existed. */
  remove(names: readonly string[]): boolean {
    let found = false
    for (const name of names) if (this.#lines.delete(name)) found = true
    return found
  }

  /**
   * If the properties are not as expected: the text of each, '' if it does not exist.
   *
   * @param expected - names and texts, as scripts take them
   */
  refusal(expected: readonly string[]): readonly string[] | undefined {
    const current: string[] = []
    let holds = true
    for (let i = 0; i < expected.length; i += 2) {
      const name = expected[i] ?? ''
      const text = this.#lines.get(name)?.slice(name.length + 1, -1) ?? ''
      current.push(text)
      if (text !== expected[i + 1] && (expected[i + 1] !== anyValue || text === '')) holds = false
    }
    return holds ? undefined : current
  }

  /** The number of properties. */
  get count(): number {
    return this.#lines.size
  }

  /** The lines, each preceded by a line feed. */
  get text(): string {
    let text = ''
    for (const line of this.#lines.values()) text += `\n${line}`
    return text
  }
}

/** The name at the start of a line, as JSON. */
function nameOf(line: string): string {
  const end = line.indexOf('":')
  const name = line.slice(0, end + 1)
  if (!name.includes('\\')) return name
  return /^"(?:[^"\\]|\\.)*"/.exec(line)?.[0] ?? line
}
