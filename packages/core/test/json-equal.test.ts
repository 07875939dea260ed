import type { JsonValue } from '@context-store/core'
import { jsonEqual } from '@context-store/core/adapter'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const json = fc
  .jsonValue({ depthSize: 'medium' })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue)

function shuffled(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(shuffled)
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, shuffled(member)]),
  )
}

test('`jsonEqual`: a value equals itself with its members in another order', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(jsonEqual(value, shuffled(value))).toBe(true)
    }),
  )
})

test('`jsonEqual`: a value equals no other', () => {
  const canonical = (value: JsonValue): string =>
    JSON.stringify(value, (_, member) =>
      typeof member === 'object' && member !== null && !Array.isArray(member)
        ? Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))
        : member,
    )
  fc.assert(
    fc.property(json, json, (a, b) => {
      // An object's entries and an array of such pairs would look alike: leave those out.
      fc.pre(Array.isArray(a) === Array.isArray(b))
      if (canonical(a) !== canonical(b)) expect(jsonEqual(a, b)).toBe(false)
    }),
  )
})

test('`jsonEqual`: inherited names are not members', () => {
  expect(jsonEqual({}, JSON.parse('{"__proto__":{}}'))).toBe(false)
  expect(jsonEqual({ toString: 1 }, { a: 1 })).toBe(false)
  expect(jsonEqual([], {})).toBe(false)
  expect(jsonEqual(null, {})).toBe(false)
})
