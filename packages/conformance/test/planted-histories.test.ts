import { checkCalls, type RecordedCall, type SessionCall } from '@context-store/conformance/histories'
import { describe, expect, test } from 'vitest'

/** A call of a store on one session, from one millisecond to another. */
function made(store: string, from: number, to: number, call: SessionCall, answer?: unknown): RecordedCall {
  const [calledAt, endedAt] = [from * 1000, to * 1000]
  return { ...place, store, call, calledAt, endedAt, outcome: 'answered', answer }
}

/** A call whose process was killed. */
function killed(store: string, from: number, call: SessionCall): RecordedCall {
  return { ...place, store, call, calledAt: from * 1000, outcome: 'unknown' }
}

/** A call that failed. */
function failed(
  store: string,
  [from, to]: readonly [number, number],
  outcome: 'unknown' | 'not-applied',
  call: SessionCall,
): RecordedCall {
  const [calledAt, endedAt] = [from * 1000, to * 1000]
  const error = { code: 'unavailable', message: 'the answer was lost' }
  return { ...place, store, call, calledAt, endedAt, outcome, error }
}

const place = { isSync: false, namespace: 'n', session: 's' }
const getAll: SessionCall = { does: 'getAll' }
const count: SessionCall = { does: 'update', names: ['count'], count: 'count' }

function patch(values: { readonly [name: string]: string | number }, ttlSeconds?: number): SessionCall {
  const changes = Object.fromEntries(Object.entries(values).map(([name, is]) => [name, { is }]))
  return { does: 'patch', changes, ttlSeconds }
}

function claim(owner: string): SessionCall {
  return { does: 'patchIf', expected: { owner: 'absent' }, changes: { owner: { is: owner } } }
}

function isExplained(calls: readonly RecordedCall[]): boolean {
  try {
    checkCalls(calls)
    return true
  } catch (error) {
    expect(error).toMatchObject({ message: expect.stringContaining('no order of the calls on session s') })
    return false
  }
}

const ok = { ok: true }

describe.each<[fault: string, wrong: RecordedCall[], right: RecordedCall[]]>([
  [
    'lost update',
    [made('p', 0, 3, count, { count: 1 }), made('q', 1, 2, count, { count: 1 })],
    [made('p', 0, 3, count, { count: 2 }), made('q', 1, 2, count, { count: 1 })],
  ],
  [
    'torn patch',
    [
      made('p', 0, 1, patch({ a: 1, b: 1 })),
      made('p', 2, 9, patch({ a: 2, b: 2 })),
      made('q', 3, 4, getAll, { a: 2, b: 1 }),
    ],
    [
      made('p', 0, 1, patch({ a: 1, b: 1 })),
      made('p', 2, 9, patch({ a: 2, b: 2 })),
      made('q', 3, 4, getAll, { a: 1, b: 1 }),
    ],
  ],
  [
    'stale read',
    [made('p', 0, 1, patch({ a: 1 })), made('p', 2, 3, patch({ a: 2 })), made('q', 4, 5, getAll, { a: 1 })],
    [made('p', 0, 1, patch({ a: 1 })), made('p', 2, 4, patch({ a: 2 })), made('q', 3, 5, getAll, { a: 1 })],
  ],
  [
    'resurrected delete',
    [
      made('p', 0, 1, patch({ a: 1, b: 1 })),
      made('p', 2, 3, { does: 'delete', names: ['a'] }),
      made('q', 4, 5, getAll, { b: 1 }),
      made('q', 6, 7, getAll, { a: 1, b: 1 }),
    ],
    [
      made('p', 0, 1, patch({ a: 1, b: 1 })),
      made('p', 2, 9, { does: 'delete', names: ['a'] }),
      made('q', 4, 5, getAll, { a: 1, b: 1 }),
      made('q', 6, 7, getAll, { b: 1 }),
    ],
  ],
  [
    'condition outside the atom',
    [made('p', 0, 3, claim('p'), ok), made('q', 1, 2, claim('q'), ok)],
    [made('p', 0, 3, claim('p'), { ok: false, current: { owner: 'q' } }), made('q', 1, 2, claim('q'), ok)],
  ],
  [
    'overtaken second round',
    [
      made('p', 0, 9, claim('p'), ok),
      made('p', 1, 8, patch({ owner: 'q' })),
      made('q', 10, 11, getAll, { owner: 'p' }),
    ],
    [
      made('p', 0, 9, claim('p'), ok),
      made('p', 1, 8, patch({ owner: 'q' })),
      made('q', 10, 11, getAll, { owner: 'q' }),
    ],
  ],
  [
    'late repeat',
    [
      made('p', 0, 1, patch({ a: 1 })),
      made('q', 2, 3, patch({ a: 2 })),
      made('q', 4, 5, getAll, { a: 2 }),
      made('q', 6, 7, getAll, { a: 1 }),
    ],
    [
      made('p', 0, 9, patch({ a: 1 })),
      made('q', 2, 3, patch({ a: 2 })),
      made('q', 4, 5, getAll, { a: 2 }),
      made('q', 6, 7, getAll, { a: 1 }),
    ],
  ],
  [
    'late repeat of a call without an answer',
    [
      killed('p', 0, patch({ a: 1 })),
      made('q', 1, 2, getAll, { a: 1 }),
      made('q', 3, 4, patch({ a: 2 })),
      made('q', 5, 6, getAll, { a: 1 }),
    ],
    [
      killed('p', 0, patch({ a: 1 })),
      made('q', 1, 2, getAll, {}),
      made('q', 3, 4, patch({ a: 2 })),
      made('q', 5, 6, getAll, { a: 1 }),
    ],
  ],
  [
    'write that says it was not applied',
    [failed('p', [0, 1], 'not-applied', patch({ a: 1 })), made('q', 2, 3, getAll, { a: 1 })],
    [failed('p', [0, 1], 'unknown', patch({ a: 1 })), made('q', 2, 3, getAll, { a: 1 })],
  ],
  [
    'call without an answer, overtaken by one that was made meanwhile',
    [
      failed('p', [0, 9], 'unknown', patch({ a: 1 })),
      made('p', 1, 2, patch({ a: 2 })),
      made('q', 3, 4, getAll, { a: 2 }),
      made('q', 5, 6, getAll, { a: 1 }),
    ],
    [
      failed('p', [0, 1], 'unknown', patch({ a: 1 })),
      made('p', 1, 2, patch({ a: 2 })),
      made('q', 3, 4, getAll, { a: 2 }),
      made('q', 5, 6, getAll, { a: 1 }),
    ],
  ],
  [
    'call without an answer, overtaken by a read that was made meanwhile',
    [
      failed('p', [0, 9], 'unknown', patch({ a: 1 })),
      made('p', 1, 2, getAll, {}),
      made('q', 3, 4, getAll, { a: 1 }),
    ],
    [
      failed('p', [0, 1], 'unknown', patch({ a: 1 })),
      made('p', 1, 2, getAll, {}),
      made('q', 3, 4, getAll, { a: 1 }),
    ],
  ],
  [
    'session that outlives its namespace',
    [
      made('p', 0, 1, patch({ a: 1 })),
      made('q', 2, 3, { does: 'deleteNamespace' }),
      made('q', 4, 5, getAll, { a: 1 }),
    ],
    [
      made('p', 0, 1, patch({ a: 1 })),
      made('q', 2, 3, { does: 'deleteNamespace' }),
      made('q', 4, 5, getAll, {}),
    ],
  ],
  [
    'expired session that is still there',
    [made('p', 0, 10, patch({ a: 1 }, 1)), made('q', 1100, 1101, getAll, { a: 1 })],
    [made('p', 0, 10, patch({ a: 1 }, 1)), made('q', 1100, 1101, getAll, {})],
  ],
  [
    'session that expires too early',
    [made('p', 0, 10, patch({ a: 1 }, 1)), made('q', 900, 901, getAll, {})],
    [made('p', 0, 10, patch({ a: 1 }, 1)), made('q', 900, 901, getAll, { a: 1 })],
  ],
  [
    'expired session that comes back',
    [
      made('p', 0, 10, patch({ a: 1 }, 1)),
      made('q', 1000, 1001, getAll, {}),
      made('q', 1002, 1003, getAll, { a: 1 }),
    ],
    [
      made('p', 0, 10, patch({ a: 1 }, 1)),
      made('q', 1000, 1001, getAll, { a: 1 }),
      made('q', 1002, 1003, getAll, {}),
    ],
  ],
  [
    'time to live that a deletion lengthens',
    [
      made('p', 0, 10, patch({ a: 1, b: 1 }, 1)),
      made('q', 500, 510, { does: 'delete', names: ['a'] }),
      made('q', 1200, 1201, getAll, { b: 1 }),
    ],
    [
      made('p', 0, 10, patch({ a: 1, b: 1 }, 1)),
      made('q', 500, 510, { does: 'patch', changes: { a: 'absent' } }),
      made('q', 1200, 1201, getAll, { b: 1 }),
    ],
  ],
  [
    "time to live that is not the namespace's",
    [
      made('p', 0, 1, { does: 'createNamespace', ttlSeconds: 2 }),
      made('p', 2, 3, patch({ a: 1 })),
      made('q', 4, 5, { does: 'info' }, { ttlSeconds: 0 }),
    ],
    [
      made('p', 0, 1, { does: 'createNamespace', ttlSeconds: 2 }),
      made('p', 2, 3, patch({ a: 1 })),
      made('q', 4, 5, { does: 'info' }, { ttlSeconds: 2 }),
    ],
  ],
])('%s', (_, wrong, right) => {
  test('is detected', () => {
    expect(isExplained(wrong)).toBe(false)
  })

  test('a similar history that is right is accepted', () => {
    expect(isExplained(right)).toBe(true)
  })
})

test('an unanswered call that would change nothing at first may take effect later', () => {
  const calls = [
    made('p', 0, 9, { does: 'delete', names: ['a'] }),
    made('q', 1, 2, patch({ a: 1 })),
    made('r', 3, 4, getAll, { a: 1 }),
    made('r', 5, 6, getAll, {}),
  ]
  expect(isExplained(calls)).toBe(true)
})

test('a read does not rule out a later effect of its store’s earlier call whose answer was lost', () => {
  const calls = [
    failed('p', [0, 9], 'unknown', patch({ a: 1 })),
    made('p', 1, 8, { does: 'get', names: ['b'] }, undefined),
    made('q', 10, 11, getAll, { a: 1 }),
  ]
  expect(isExplained(calls)).toBe(true)
})

test('calls of different stores may overtake each other, those of one store may not', () => {
  const calls = (other: string): RecordedCall[] => [
    made('p', 0, 9, patch({ a: 1 })),
    made(other, 1, 8, patch({ a: 2 })),
    made('r', 10, 11, getAll, { a: 1 }),
  ]
  expect(isExplained(calls('q'))).toBe(true)
  expect(isExplained(calls('p'))).toBe(false)
})

test('the timeline of a failure shows the contradicting calls and the possible states of the session', () => {
  const history = [
    made('p0.0', 0, 1, patch({ count: 1 })),
    made('t1.0', 2, 3, getAll, { count: 1 }),
    made('p0.0', 4, 9, count, { count: 2 }),
    made('p2.0', 5, 10, count, { count: 2 }),
    made('t1.0', 6, 11, { does: 'get', names: ['other'] }, undefined),
    killed('p3.0', 7, { does: 'clear' }),
    made('t1.0', 12, 13, getAll, { count: 3 }),
  ]
  expect(() => checkCalls(history.slice(0, 5))).toThrow(
    [
      'no order of the calls on session s of namespace n explains the answer marked with ×',
      '  before these calls the session is { count: 1 }',
      '        0.000 ms ├─┤   p0.0      update(count: count + 1) → {"count":2}',
      '  ×     1.000 ms  ├─┤  p2.0      update(count: count + 1) → {"count":2}',
      '  when the call marked with × takes effect, the session is { count: 2 }',
    ].join('\n'),
  )
  expect(() => checkCalls(history)).toThrow(/p3.0 +clear\(\) → killed/)
})
