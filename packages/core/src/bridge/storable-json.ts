import type { JsonValue } from '../api/context-store.ts'
import { setOwn } from '../rules/own-property.ts'

/**
 * Returns `JSON.parse(JSON.stringify(value))`, which is what a runtime that keeps JSON would read back, with lone
 * surrogates replaced by U+FFFD, since no store accepts them.
 *
 * @returns `undefined` for a value without JSON: `undefined`, a function, a symbol
 * @throws `TypeError` as `JSON.stringify` does: a cycle, a BigInt
 */
export function storableJson(value: unknown): JsonValue | undefined {
  const text = storableText(value)
  return text === undefined ? undefined : JSON.parse(text)
}

/** The same as text; equal texts are equal values. */
export function storableText(value: unknown): string | undefined {
  const text: string | undefined = JSON.stringify(value)
  // JSON.stringify writes a lone surrogate as such an escape. A text that contains these characters comes out unchanged.
  return text !== undefined && /\\ud[89a-f]/.test(text) ? JSON.stringify(wellFormed(JSON.parse(text))) : text
}

function wellFormed(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== 'object' || value === null) return value
  const copy: { [name: string]: JsonValue } = {}
  for (const [name, member] of Object.entries(value)) setOwn(copy, name.toWellFormed(), wellFormed(member))
  return copy
}
