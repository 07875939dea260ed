import { type HistoryEntry, isLinearizable, type SequentialModel } from '@context-store/conformance'
import fc from 'fast-check'
import { expect, test } from 'vitest'

type Call = 'read' | number

/** A register: a number writes it, `read` reads it. */
const register: SequentialModel<number, Call, number | undefined> = {
  initial: 0,
  step: (state, call) => (call === 'read' ? { state, answer: state } : { state: call, answer: undefined }),
  accepts: Object.is,
  keyOf: String,
}

type Entry = HistoryEntry<Call, number | undefined>

function write(value: number, calledAt: number, answeredAt?: number): Entry {
  return { call: value, calledAt, answeredAt }
}

function read(answer: number, calledAt: number, answeredAt: number): Entry {
  return { call: 'read', answer, calledAt, answeredAt }
}

test.each<[string, boolean, Entry[]]>([
  ['nothing', true, []],
  ['a read of what was written', true, [write(1, 0, 1), read(1, 2, 3)]],
  ['a stale read', false, [write(1, 0, 1), read(0, 2, 3)]],
  ['a read during a write, of the old value', true, [write(1, 0, 3), read(0, 1, 2)]],
  ['a read during a write, of the new value', true, [write(1, 0, 3), read(1, 1, 2)]],
  ['two reads during a write, new then old', false, [write(1, 0, 5), read(1, 1, 2), read(0, 3, 4)]],
  ['two reads during a write, old then new', true, [write(1, 0, 5), read(0, 1, 2), read(1, 3, 4)]],
  ['a value that was never written', false, [write(1, 0, 1), read(2, 0, 3)]],
  [
    'two writes at once, seen in both orders',
    false,
    [write(1, 0, 1), write(2, 0, 1), read(1, 2, 3), read(2, 4, 5)],
  ],
  ['a write without an answer that happened', true, [write(1, 0), read(0, 1, 2), read(1, 3, 4)]],
  ['a write without an answer that did not happen', true, [write(1, 0), read(0, 1, 2), read(0, 3, 4)]],
  [
    'a write without an answer that happened and was undone',
    false,
    [write(1, 0), read(1, 1, 2), read(0, 3, 4)],
  ],
])('`isLinearizable`: %s → %s', (_, expected, history) => {
  expect(isLinearizable(history, register)).toBe(expected)
  expect(isLinearizable([...history].reverse(), register)).toBe(expected)
})

test('`isLinearizable`: the calls of one client are linearizable if and only if their answers are the model’s', () => {
  const calls = fc.array(fc.oneof(fc.constant('read' as const), fc.integer({ min: 1, max: 3 })), {
    minLength: 1,
  })
  fc.assert(
    fc.property(calls, fc.nat(), (all, at) => {
      let state = register.initial
      const history = all.map((call, index): Entry => {
        const next = register.step(state, call)
        state = next.state
        return { call, answer: next.answer, calledAt: index * 2, answeredAt: index * 2 + 1 }
      })
      expect(isLinearizable(history, register)).toBe(true)
      const wrong = history.map((entry, index) =>
        index === at % all.length ? { ...entry, answer: 99 } : entry,
      )
      expect(isLinearizable(wrong, register)).toBe(false)
    }),
  )
})

test('`isLinearizable` is fast for forty calls of four clients', () => {
  const history = Array.from({ length: 40 }, (_, index): Entry => {
    const round = Math.floor(index / 4) * 8
    return index % 4 === 0 ? write(round, round, round + 7) : read(round, round + 1, round + 6)
  })
  expect(isLinearizable(history, register)).toBe(true)
  expect(isLinearizable([...history, read(-1, 100, 101)], register)).toBe(false)
})
