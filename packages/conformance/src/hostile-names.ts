/** Names that may collide with an engine's separators, patterns, quoting or prototypes. */
export const hostileNames: readonly string[] = [
  ...[
    ' ',
    'a b',
    ' a',
    'a ',
    '\t',
    '\n',
    'a\nb',
    '\r\n',
    '\u0000',
    'a\u0000b',
    'a\u0000',
    '\u0001',
    '\u007f',
  ],
  ...['/', 'a/b', '//', '../a', './a', 'a/..', '%', '%2F', 'a%2Fb', '%00', '%25', '%zz', ',', 'a,b'],
  ...[
    ':',
    'a:b',
    '::',
    '.a',
    'a.b',
    '...',
    '\\',
    'a\\b',
    '"',
    'a"b',
    "'",
    "a'b",
    '`',
    '$',
    '$.a',
    '[0]',
    '$[0]',
  ],
  ...[
    '{',
    '}',
    '{a}',
    '*',
    '?',
    'a*',
    '[a-z]',
    '#',
    '&',
    '=',
    '+',
    '~',
    '|',
    ';',
    '^',
    '@',
    '!',
    '(',
    '-',
    '--',
    '_',
  ],
  ...[
    'é',
    'e\u0301',
    '日本語',
    'ß',
    'SS',
    'İ',
    '👩‍👩‍👧',
    '🇩🇪',
    '\u202eabc',
    '\u200b',
    '\u2028',
    '\ufeff',
    '\uffff',
    '\udbff\udfff',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'hasOwnProperty',
    'toString',
    'valueOf',
    'then',
    'toJSON',
    'length',
  ],
  ...['null', 'undefined', 'true', '0', '1', '01', '-1', '1e3', 'NaN', '4294967295', '9007199254740993'],
  ...['session', 'namespace', 'id', 'rowid', "'; DROP TABLE session; --", '<a href="x">', '${a}', '{{a}}'],
]

/** Names that a URL path cannot carry: `.` and `..` are resolved; `properties` is part of a route (docs/rest-contract.md). */
export const pathlessNames: readonly string[] = ['.', '..', 'properties']

/** Groups of different names that trimming, case folding, normalization or number parsing would make equal. */
export const lookAlikes: readonly (readonly string[])[] = [
  ['a', 'A', 'ａ', 'а'],
  ['x', ' x', 'x ', 'x\t', 'x\n', 'x\u0000', 'x\u200b', '\ufeffx', 'x\u00a0'],
  ['caf\u00e9', 'cafe\u0301', 'cafe'],
  ['1', '01', '1.0', '+1', '1e0', '１'],
  ['\u00df', 'ss', 'SS', '\u1e9e'],
  ['\ufb00', 'ff'],
  ['i', 'I', '\u0130', '\u0131'],
  ['%41', '%2541', 'A%'],
  ['\u{1f600}', '\u{1f601}', '\\ud83d\\ude00'],
]

/** Addresses that collide if their parts are joined with an unescaped separator. */
export const collidingAddresses: readonly (readonly [string, string, string])[] = [
  ...[':', '/', '\u0000', '|', ',', '.', '%', '\n', '\u001f', '","', '\\'].flatMap(
    (separator): (readonly [string, string, string])[] => [
      ['p', `q${separator}r`, 's'],
      [`p${separator}q`, 'r', 's'],
      ['p', 'q', `r${separator}s`],
      [`p${separator}`, 'q', 's'],
      ['p', `${separator}q`, 's'],
      ['p', `q${separator}`, 's'],
      ['p', 'q', `${separator}s`],
    ],
  ),
  ['p', 'q', 's'],
]

/** Names that are not well-formed Unicode. */
export const illFormedNames: readonly string[] = ['\ud800', 'a\udc00', '\udc00\ud800', 'a\ud83d', '\ud83dx']

/** Names of the maximum length, 512 UTF-16 units: 512 to 1,536 bytes of UTF-8. */
export const longestNames: readonly string[] = [
  'n'.repeat(512),
  '語'.repeat(512),
  '\u{1f600}'.repeat(256),
  '%'.repeat(512),
]
