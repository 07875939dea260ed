import { memoryStore } from '@context-store/memory'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const namespaceOf = (options: Parameters<typeof memoryStore>[0]) =>
  memoryStore(options).sync.account('a').namespace('n')

const idsOf = (namespace: ReturnType<typeof namespaceOf>) => [...namespace.sessions()].map(({ id }) => id)

test('beyond `maxSessions` the least recently used session is removed', () => {
  const namespace = namespaceOf({ maxSessions: 2 })
  namespace.session('1').patch({ a: 1 })
  namespace.session('2').patch({ a: 1 })
  namespace.session('1').get('a')
  namespace.session('3').patch({ a: 1 })
  expect(idsOf(namespace)).toEqual(['1', '3'])
  namespace.session('1').clear()
  namespace.session('4').patch({ a: 1 })
  expect(idsOf(namespace)).toEqual(['3', '4'])
})

test('a bounded store keeps the most recently used sessions, whatever the calls', () => {
  const step = fc.record({
    id: fc.integer({ min: 0, max: 6 }),
    kind: fc.constantFrom('patch', 'get', 'clear'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, maxSessions) => {
      const namespace = namespaceOf({ maxSessions })
      let model: string[] = []
      for (const { id, kind } of steps) {
        const session = namespace.session(String(id))
        const there = model.includes(String(id))
        if (kind === 'patch') session.patch({ a: id })
        else if (kind === 'get') session.get('a')
        else session.clear()
        model = model.filter((other) => other !== String(id))
        if (kind === 'patch' || (kind === 'get' && there)) model.push(String(id))
        model = model.slice(-maxSessions)
        expect(new Set(idsOf(namespace))).toEqual(new Set(model))
      }
    }),
  )
})

test('beyond `maxBytes` sessions are removed, and bytes that a session no longer uses are available again', () => {
  const namespace = namespaceOf({ maxBytes: 100_000 })
  const text = 'x'.repeat(10_000)
  for (const id of ['1', '2', '3', '4']) namespace.session(id).patch({ text })
  expect(idsOf(namespace)).toEqual(['1', '2', '3', '4'])
  for (let i = 0; i < 50; i++) namespace.session('4').patch({ text: text + i })
  expect(idsOf(namespace)).toEqual(['1', '2', '3', '4'])
  namespace.session('5').patch({ text })
  expect(idsOf(namespace)).toEqual(['2', '3', '4', '5'])
  namespace.session('2').delete('text')
  namespace.session('6').patch({ text })
  expect(idsOf(namespace)).toEqual(['3', '4', '5', '6'])
})

test('a session that alone exceeds `maxBytes` is refused, and no other session is removed', () => {
  const namespace = namespaceOf({ maxBytes: 10_000 })
  namespace.session('1').patch({ a: 1 })
  expect(() => namespace.session('2').patch({ text: 'x'.repeat(10_000) })).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  )
  expect(idsOf(namespace)).toEqual(['1'])
})

test.each([0, -1, 1.5, Number.NaN, '5'])('`memoryStore` refuses a bound of %s', (bound) => {
  const refused = expect.objectContaining({ code: 'invalid-option' })
  expect(() => memoryStore({ maxSessions: bound as number })).toThrow(refused)
  expect(() => memoryStore({ maxBytes: bound as number })).toThrow(refused)
})
