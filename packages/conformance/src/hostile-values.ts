import { absent, type JsonValue } from '@context-store/core'

/** Valid JSON values that an encoding may change. */
export const hostileValues: readonly JsonValue[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    -1,
    0.1,
    -1e-7,
    1e21,
    1e308,
    -1e308,
    5e-324,
    2 ** 53 - 1,
    -(2 ** 53),
    2 ** 53 + 2,
  ],
  ...[
    '',
    ' ',
    'null',
    'true',
    '0',
    '{}',
    '[]',
    '"',
    '\\',
    "'",
    'a\nb',
    '\r\n',
    '\t',
    '\u0000',
    '\u0001',
    '\u007f',
  ],
  ...[
    '\u2028',
    '\u2029',
    '\ufeff',
    '\uffff',
    'é',
    'e\u0301',
    '👩‍👩‍👧',
    '\udbff\udfff',
    '9007199254740993',
    '1e400',
    'NaN',
  ],
  ...[
    '2026-01-01T00:00:00.000Z',
    '</script>',
    '\\u0000',
    '\\ud800',
    '__proto__',
    'undefined',
    '$1',
    '%s',
    '?1',
  ],
  ...[
    [],
    {},
    [[]],
    [{}],
    { '': '' },
    [null],
    [[], {}, null, 0, '', false],
    { a: [] },
    { a: {} },
    { a: null },
  ],
  { b: 1, a: 2, B: 3 },
  { '10': 'ten', '9': 'nine', x: 'x', '-1': 'minus' },
  { 'a\nb': 'a\nb', '"': '"', '\\': '\\', '\u2028': '\u2028', '\u0000': 1 },
  { toJSON: 'data', then: 'data', length: 3, constructor: null, valueOf: 1, hasOwnProperty: false },
  ownProto({ polluted: true }),
  ownProto(null),
  { inner: ownProto([1, ownProto('x')]) },
  Array.from({ length: 1000 }, (_, index) => index),
  'x'.repeat(10_000),
  Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`name ${index}`, { index }])),
  nested(100),
]

/** A value that every store refuses: a description, and how to make one. */
export interface RefusedValue {
  /** What it is. */
  readonly what: string
  /** Makes one. */
  make(): unknown
}

/** Values that JSON would lose or change, and that are refused with their own path. */
export const refusedLeaves: readonly RefusedValue[] = [
  { what: 'NaN', make: () => Number.NaN },
  { what: 'Infinity', make: () => Number.POSITIVE_INFINITY },
  { what: '-Infinity', make: () => Number.NEGATIVE_INFINITY },
  { what: 'a BigInt', make: () => 10n },
  { what: 'a function', make: () => () => 1 },
  { what: 'a symbol', make: () => Symbol('s') },
  { what: 'a Date', make: () => new Date(0) },
  { what: 'a Map', make: () => new Map([['a', 1]]) },
  { what: 'a Set', make: () => new Set([1]) },
  { what: 'a RegExp', make: () => /a/ },
  { what: 'an Error', make: () => new Error('e') },
  { what: 'a Promise', make: () => Promise.resolve(1) },
  { what: 'a typed array', make: () => new Uint8Array(2) },
  { what: 'a boxed number', make: () => Object(1) },
  { what: 'a class instance', make: () => new Money() },
  { what: 'a lone high surrogate', make: () => 'a\ud800' },
  { what: 'a lone low surrogate', make: () => '\udc00a' },
]

/** Values that are refused because of something they contain. */
export const refusedWholes: readonly RefusedValue[] = [
  { what: 'an object with a toJSON function', make: () => ({ toJSON: () => 1 }) },
  { what: 'an array with a hole', make: () => new Array(2).fill(0, 1) },
  { what: 'an array of holes, of maximum length', make: () => new Array(2 ** 32 - 1) },
  { what: 'the match of a regular expression', make: () => 'order 42'.match(/(?<id>\d+)/) },
  { what: 'the match of a regular expression without groups', make: () => 'x'.match(/x/) },
  { what: 'an array with a named member', make: () => Object.assign([1, 2], { total: 3 }) },
  { what: 'an empty array with a named member', make: () => Object.assign([], { total: undefined }) },
  { what: 'an array with a symbol key', make: () => Object.assign([1], { [Symbol('s')]: 1 }) },
  { what: 'undefined in an array', make: () => [1, undefined] },
  { what: 'an object within itself', make: cycle },
  { what: 'an array within itself', make: arrayCycle },
  { what: 'a lone surrogate in a nested name', make: () => ({ '\ud800': 1 }) },
  { what: 'an object with a symbol key', make: () => ({ [Symbol('s')]: 1 }) },
  { what: 'a nested absent', make: () => ({ inner: absent }) },
  { what: 'objects and arrays 101 deep', make: () => nested(101) },
]

/** Nested arrays and objects, `depth` levels deep including the outermost. */
export function nested(depth: number): JsonValue {
  let value: JsonValue = depth % 2 === 0 ? [] : {}
  for (let level = 1; level < depth; level++) value = level % 2 === 0 ? [value] : { in: value }
  return value
}

/** A plain object with an own member named `__proto__`, which an object literal cannot express. */
function ownProto(value: JsonValue): JsonValue {
  return Object.fromEntries([['__proto__', value]])
}

class Money {
  readonly amount: number = 1
}

function cycle(): unknown {
  const object: { self?: unknown } = {}
  object.self = object
  return object
}

function arrayCycle(): unknown {
  const array: unknown[] = [1]
  array.push([array])
  return array
}
