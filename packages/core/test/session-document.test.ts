import { absent, ContextStoreError, type JsonValue, type Properties } from '@context-store/core'
import {
  type Changes,
  compactLength,
  countProperties,
  emptyDocument,
  jsonEqual,
  patchDocument,
  readDocument,
  readDocumentProperty,
} from '@context-store/core/adapter'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const name = fc.oneof(
  fc.constantFrom('', 'a', '__proto__', 'constructor', '1', '"', '\\', '\n', '\n"a":', 'a":', '}', ',\n'),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
)
const value = fc.oneof(
  fc.constantFrom<JsonValue>('\n"a":1', '}', ',', '{\n', '"', '\\"', '\u2028'),
  fc.jsonValue({ depthSize: 'small' }).map((json) => JSON.parse(JSON.stringify(json)) as JsonValue),
)
const change = fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(absent) })
const entries: fc.Arbitrary<Changes> = fc
  .uniqueArray(fc.tuple(name, change), { selector: ([key]) => key, maxLength: 16, size: 'medium' })
  .map((pairs) => ({ names: pairs.map(([key]) => key), values: Object.fromEntries(pairs) }))

/** One value for every name. */
function all(names: readonly string[], item: JsonValue): Changes {
  return { names, values: Object.fromEntries(names.map((name) => [name, item])) }
}

/** The merge as a Map, as a model to compare with. */
function merged(steps: readonly Changes[]): Map<string, JsonValue> {
  const model = new Map<string, JsonValue>()
  for (const { names, values } of steps) {
    names.forEach((key) => {
      const item = values[key]
      if (item === absent || item === undefined) model.delete(key)
      else model.set(key, item)
    })
  }
  return model
}

test('`readDocument` returns the merge of all patches', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 6 }), name, (steps, other) => {
      const document = steps.reduce(patchDocument, emptyDocument)
      const model = merged(steps)
      const properties = readDocument(document)
      expect(new Set(Object.keys(properties))).toEqual(new Set(model.keys()))
      for (const [key, item] of model) {
        expect(jsonEqual(readDocumentProperty(document, key) as JsonValue, item)).toBe(true)
        expect(jsonEqual(Object.getOwnPropertyDescriptor(properties, key)?.value, item)).toBe(true)
      }
      if (!model.has(other)) expect(readDocumentProperty(document, other)).toBeUndefined()
    }),
    { numRuns: 2000 },
  )
})

test('`readDocument` does not confuse a name with an escape with another of the same length', () => {
  // JSON.parse of Node 24 does, once it has parsed another object of the same shape.
  for (const name of ['\\', '\n', '"', '\t']) {
    const document = patchDocument(emptyDocument, {
      names: ['}', name, ''],
      values: { '}': null, [name]: 1, '': [] },
    })
    expect(Object.keys(readDocument(document))).toEqual(['}', name, ''])
  }
})

test('`patchDocument` with many changes throws `corrupt` for a damaged line', () => {
  const names = Array.from({ length: 20 }, (_, index) => `p${index}`)
  const damaged = '{\n"a":1,\nb:2,\n"c":3}'
  expect(() => patchDocument(damaged, all(names, 1))).toThrow(expect.objectContaining({ code: 'corrupt' }))
})

test('`patchDocument` takes linear time for 100,000 properties', () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `p${index}`)
  const first = patchDocument(emptyDocument, all(names, 1))
  const second = patchDocument(first, all(names, 2))
  expect(second).toBe(first.replaceAll(':1', ':2'))
})

test('`compactLength` is the length of compact JSON', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 4 }), (steps) => {
      const document = steps.reduce(patchDocument, emptyDocument)
      const properties: Properties = readDocument(document)
      expect(compactLength(document)).toBe(JSON.stringify(properties).length)
      expect(countProperties(document)).toBe(Object.keys(properties).length)
    }),
    { numRuns: 500 },
  )
})

test('every reader and `patchDocument` throw `corrupt` for a text that is not a document', () => {
  const one = all(['a'], 1)
  for (const text of ['', 'null', '{"a":1}', '{\n"a":1', '[]', 'garbage']) {
    for (const use of [
      () => readDocument(text),
      () => readDocumentProperty(text, 'a'),
      () => patchDocument(text, one),
    ]) {
      expect(() => use()).toThrow(expect.objectContaining({ code: 'corrupt', outcome: 'not-applied' }))
    }
  }
  try {
    readDocument('{\n"a":x}')
    expect.unreachable()
  } catch (error) {
    expect(ContextStoreError.is(error, 'corrupt')).toBe(true)
  }
})
