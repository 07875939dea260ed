import { absent } from '../api/absent.ts'
import type { JsonValue, Properties } from '../api/context-store.ts'
import { CorruptDataError } from '../api/errors.ts'
import type { Changes } from '../port/patch-request.ts'
import { setOwn } from '../rules/own-property.ts'

/*
 * A session as one text, for engines that keep text. It is JSON with each property on its own line:
 *
 *   {
 *   "a":1,
 *   "b":"x"}
 *
 * Compact JSON contains no raw line feed, so every line feed starts a property, and a plain search finds `\n"name":`.
 * A merge replaces lines and parses nothing, in JavaScript or in a server's script. The whole is still JSON, for
 * JSON.parse and for an engine's JSON functions.
 */

/** The document of a session without properties. */
export const emptyDocument = '{}'

/** From this many changes on, splitting the document is cheaper than searching and copying it for each. */
const manyChanges = 8

/** Up to this many names, searching the document for each is cheaper than parsing it. */
const fewNames = 4

/** Returns the document with `changes` merged into it; properties keep their order, new ones go last. */
export function patchDocument(document: string, changes: Changes): string {
  const text = checked(document)
  if (text === emptyDocument) return begin(changes)
  return changes.names.length < manyChanges ? splice(text, changes) : rebuild(text, changes)
}

/** Returns the document without the named properties. */
export function withoutProperties(document: string, names: readonly string[]): string {
  const values = Object.fromEntries(names.map((name) => [name, absent] as const))
  return patchDocument(document, { names, values })
}

/** Reads every property of the document; the caller owns the result. */
export function readDocument(document: string): Properties {
  const text = checked(document)
  // Most documents have no backslash at all, and that check is much faster than the search for one in a name.
  const escapes = text.includes('\\') && /\n"[^"\\]*\\/.test(text)
  return escapes ? readLines(text) : (parsed(text) as Properties)
}

/** Reads the properties in `names` that the document has; `undefined`: all. */
export function readDocumentProperties(document: string, names: readonly string[] | undefined): Properties {
  if (names === undefined) return readDocument(document)
  const all = names.length > fewNames ? readDocument(document) : undefined
  const some: Properties = {}
  for (const name of names) {
    const own = all !== undefined && Object.hasOwn(all, name) ? all[name] : undefined
    const value = all === undefined ? readDocumentProperty(document, name) : own
    if (value !== undefined) setOwn(some, name, value)
  }
  return some
}

/** Reads one property of the document; `undefined` if it does not exist. */
export function readDocumentProperty(document: string, name: string): JsonValue | undefined {
  const text = checked(document)
  const head = lineHead(name)
  const at = text.indexOf(head)
  return at === -1 ? undefined : parsed(text.slice(at + head.length, lineEnd(text, at)))
}

/** The number of properties in the document. */
export function countProperties(document: string): number {
  let count = 0
  for (let at = document.indexOf('\n'); at !== -1; at = document.indexOf('\n', at + 1)) count++
  return count
}

/** The length of the document as compact JSON, in UTF-16 units; never more than `document.length`. */
export function compactLength(document: string): number {
  return document.length - countProperties(document)
}

/**
 * Reads a document line by line, for names with an escape sequence.
 *
 * JSON.parse in V8 13.6 (Node 24) confuses such a name with another of the same length in an object of the same shape
 * that it parsed before: after `{"\\\\":1}` it reads `{"\\n":1}` as the former. A name parsed alone is read correctly.
 */
function readLines(text: string): Properties {
  const properties: Properties = {}
  for (const [name, value] of linesOf(text)) setOwn(properties, String(parsed(name)), parsed(value))
  return properties
}

/** The document of a new session. */
function begin({ names, values }: Changes): string {
  let text = ''
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    const value = values[name] as JsonValue | typeof absent
    if (value !== absent) text += `${text === '' ? '{' : ','}${lineHead(name)}${JSON.stringify(value)}`
  }
  return text === '' ? emptyDocument : `${text}}`
}

/** Merges by replacing, removing and appending lines. */
function splice(document: string, changes: Changes): string {
  let text = document
  let added = ''
  for (let i = 0; i < changes.names.length; i++) {
    const name = changes.names[i] as string
    const value = changes.values[name] as JsonValue | typeof absent
    const head = lineHead(name)
    const at = text.indexOf(head)
    if (value === absent) {
      if (at !== -1) text = without(text, at)
    } else {
      const line = head + JSON.stringify(value)
      if (at === -1) added += `,${line}`
      else text = text.slice(0, at) + line + text.slice(lineEnd(text, at))
    }
  }
  if (added === '') return text
  return `${text.slice(0, -1)}${text === emptyDocument ? added.slice(1) : added}}`
}

/** Merges through a map of all lines: linear in the size of the document, however many changes there are. */
function rebuild(document: string, changes: Changes): string {
  const lines = new Map<string, string>()
  for (const [head, value] of linesOf(document)) lines.set(head, value)
  for (const name of changes.names) {
    const value = changes.values[name] as JsonValue | typeof absent
    if (value === absent) lines.delete(JSON.stringify(name))
    else lines.set(JSON.stringify(name), JSON.stringify(value))
  }
  return `{${Array.from(lines, ([head, value]) => `\n${head}:${value}`).join(',')}}`
}

/** Each line's name and value, as JSON texts. */
function* linesOf(document: string): Generator<[name: string, value: string], void, undefined> {
  if (document === emptyDocument) return
  for (const line of document.slice(2, -1).split('\n')) {
    const [name] = /^"(?:[^"\\]|\\.)*"(?=:)/.exec(line) ?? []
    if (name === undefined) throw damaged()
    yield [name, line.slice(name.length + 1, line.endsWith(',') ? -1 : undefined)]
  }
}

function lineHead(name: string): string {
  return `\n${JSON.stringify(name)}:`
}

/** Where the value of the line at `at` ends: before the comma that precedes the next line, or before the closing brace. */
function lineEnd(text: string, at: number): number {
  const next = text.indexOf('\n', at + 1)
  return next === -1 ? text.length - 1 : next - 1
}

function without(text: string, at: number): string {
  const next = text.indexOf('\n', at + 1)
  if (next !== -1) return text.slice(0, at) + text.slice(next)
  // The last line: the comma before it is removed too.
  return `${text.slice(0, at === 1 ? 1 : at - 1)}}`
}

function checked(document: string): string {
  if (document === emptyDocument || (document.startsWith('{\n"') && document.endsWith('}'))) return document
  throw new CorruptDataError('the stored session has an unknown format; it is left as it is')
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged(cause)
  }
}

function damaged(cause?: unknown): CorruptDataError {
  return new CorruptDataError('the stored session is damaged; it is left as it is', { cause })
}
