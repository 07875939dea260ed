import { absent, present, type StoreOptions } from '@context-store/core'
import {
  type Condition,
  createStore,
  decideClear,
  decideDelete,
  decidePatch,
  emptyDocument,
  isExpired,
  nextLife,
  type PatchRequest,
  type SessionLife,
  type StoredSession,
  type StoreRules,
} from '@context-store/core/adapter'
import { expect, test } from 'vitest'
import { MapAdapter } from './map-adapter.ts'

// The functions that decide writes for adapters, tested without an engine: the kit sees only what an engine makes of them.

function rulesOf(options?: StoreOptions): StoreRules {
  const given: StoreRules[] = []
  createStore((rules) => {
    given.push(rules)
    return new MapAdapter(rules)
  }, options)
  return given[0] as StoreRules
}

const rules = rulesOf()
const forever: SessionLife = { createdAt: 1, ttlSeconds: 0, ownTtl: false, expiresAt: undefined }
const ending: SessionLife = { createdAt: 1, ttlSeconds: 10, ownTtl: true, expiresAt: 10_000 }

function stored(document: string, life: SessionLife): StoredSession {
  return { document, life }
}

function patchOf(values: PatchRequest['changes']['values'], more: Partial<PatchRequest> = {}): PatchRequest {
  const changes = { names: Object.keys(values), values }
  const plain = { removes: false, nests: false, expected: undefined, ttlSeconds: undefined, lengthBound: 100 }
  return { changes, ...plain, ...more }
}

function conditionOf(values: Condition['values']): Condition {
  return { names: Object.keys(values), values }
}

test('`isExpired` is true at `expiresAt` itself, and never for a session without `expiresAt`', () => {
  expect(isExpired(1000, 999)).toBe(false)
  expect(isExpired(1000, 1000)).toBe(true)
  expect(isExpired(undefined, Number.MAX_VALUE)).toBe(false)
})

test('`decidePatch` creates a new session if the stored one has expired', () => {
  const before = stored('{\n"old":1}', ending)
  expect(decidePatch(before, 0, patchOf({ a: 1 }), rules, 10_000)).toEqual({
    action: 'write',
    document: '{\n"a":1}',
    life: { createdAt: 10_000, ttlSeconds: 0, ownTtl: false, expiresAt: undefined },
  })
  expect(decidePatch(before, 0, patchOf({ a: 1 }), rules, 9999)).toMatchObject({
    document: '{\n"old":1,\n"a":1}',
    life: { createdAt: 1, ttlSeconds: 10, ownTtl: true, expiresAt: 19_999 },
  })
})

test.each([
  ['expiresAt', stored('{\n"a":1}', ending), { ttlSeconds: 10 }, 5000, { ttlSeconds: 10, expiresAt: 15_000 }],
  ['ttlSeconds', stored('{\n"a":1}', ending), { ttlSeconds: 9 }, 1000, { ttlSeconds: 9, expiresAt: 10_000 }],
  ['ownTtl', stored('{\n"a":1}', forever), { ttlSeconds: 0 }, 5000, { ttlSeconds: 0, ownTtl: true }],
])('`decidePatch` writes a life that differs only in its %s', (_, before, request, now, life) => {
  expect(decidePatch(before, 0, patchOf({ a: 2 }, request), rules, now)).toMatchObject({ life })
})

test('`decidePatch` returns the same object for an unchanged life, so that an engine need not write it', () => {
  const before = stored('{\n"a":1}', forever)
  const decision = decidePatch(before, 0, patchOf({ a: 2 }), rules, 5000)
  expect(decision.action === 'write' && decision.life).toBe(forever)
})

test('a refused `decidePatch` returns the expected properties that exist, even if there are none', () => {
  const request = patchOf({ a: 2 }, { expected: conditionOf({ a: 1, b: present, c: absent }) })
  const before = stored('{\n"a":1,\n"c":3,\n"d":4}', ending)
  expect(decidePatch(before, 0, request, rules, 0)).toEqual({ action: 'refuse', current: { a: 1, c: 3 } })
  expect(decidePatch(before, 0, request, rules, 10_000)).toEqual({ action: 'refuse', current: {} })
  expect(decidePatch(undefined, undefined, request, rules, 0)).toEqual({ action: 'refuse', current: {} })
})

test('`decidePatch` refuses a namespace that does not exist only if namespaces are explicit', () => {
  const explicit = rulesOf({ namespaces: 'explicit' })
  expect(() => decidePatch(undefined, undefined, patchOf({ a: 1 }), explicit, 0)).toThrow(
    expect.objectContaining({ code: 'namespace-not-found' }),
  )
  expect(decidePatch(undefined, 0, patchOf({ a: 1 }), explicit, 0).action).toBe('write')
  expect(decidePatch(undefined, undefined, patchOf({ a: 1 }), rules, 0).action).toBe('write')
})

test('`decidePatch` ends a session that is left empty, unless the patch states a time to live', () => {
  const before = stored('{\n"a":1}', ending)
  const removal = { a: absent } as const
  expect(decidePatch(before, 0, patchOf(removal), rules, 0).action).toBe('end')
  expect(decidePatch(before, 0, patchOf(removal, { ttlSeconds: 0 }), rules, 0).action).toBe('end')
  expect(decidePatch(before, 0, patchOf(removal, { ttlSeconds: 5 }), rules, 0)).toEqual({
    action: 'write',
    document: emptyDocument,
    life: { createdAt: 1, ttlSeconds: 5, ownTtl: true, expiresAt: 5000 },
  })
  const empty = stored(emptyDocument, ending)
  expect(decidePatch(empty, 0, patchOf({}), rules, 0).action).toBe('write')
  expect(decidePatch(undefined, 60, patchOf({}), rules, 0).action).toBe('end')
})

test('`decidePatch` counts exactly when the length of the text does not show that the limits hold', () => {
  const small = rulesOf({ limits: { documentLength: 13, properties: 2 } })
  expect(decidePatch(undefined, 0, patchOf({ a: 1, b: 2 }), small, 0).action).toBe('write')
  for (const values of [
    { a: 1, b: 222 },
    { a: 1, b: 2, c: 3 },
  ]) {
    const decide = () => decidePatch(undefined, 0, patchOf(values), small, 0)
    expect(decide).toThrow(expect.objectContaining({ code: 'too-large' }))
  }
  const few = rulesOf({ limits: { properties: 2 } })
  expect(() => decidePatch(undefined, 0, patchOf({ a: 1, b: 2, c: 3 }), few, 0)).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  )
})

test('`decideDelete` keeps the life, changes nothing if there is nothing to remove, and ends an emptied session', () => {
  const before = stored('{\n"a":1,\n"b":2}', ending)
  expect(decideDelete(before, ['a'], 0)).toEqual({ action: 'write', document: '{\n"b":2}', life: ending })
  expect(decideDelete(before, ['c'], 0).action).toBe('keep')
  expect(decideDelete(before, [], 0).action).toBe('keep')
  expect(decideDelete(before, ['a', 'b'], 0).action).toBe('end')
  expect(decideDelete(before, ['a'], 10_000).action).toBe('keep')
  expect(decideDelete(undefined, ['a'], 0).action).toBe('keep')
})

test('`decideClear` checks the condition against the current session, and none if it has expired', () => {
  const before = stored('{\n"a":1}', ending)
  const [holds, fails] = [conditionOf({ a: 1 }), conditionOf({ a: absent })]
  expect(decideClear(before, holds, 0).action).toBe('end')
  expect(decideClear(before, fails, 0)).toEqual({ action: 'refuse', current: { a: 1 } })
  // Expired: no property exists, and the storage is freed if the condition holds.
  expect(decideClear(before, holds, 10_000)).toEqual({ action: 'refuse', current: {} })
  expect(decideClear(before, fails, 10_000).action).toBe('end')
  expect(decideClear(undefined, holds, 0)).toEqual({ action: 'refuse', current: {} })
  expect(decideClear(undefined, fails, 0).action).toBe('keep')
  expect(decideClear(stored('damaged', ending), undefined, 0).action).toBe('end')
})

test.each([
  ['the namespace’s, for a new session', undefined, undefined, 60, { ttlSeconds: 60, ownTtl: false }],
  [
    'the namespace’s current one',
    { ...ending, ownTtl: false },
    undefined,
    60,
    { ttlSeconds: 60, ownTtl: false },
  ],
  ['its own, once stated', ending, undefined, 60, { ttlSeconds: 10, ownTtl: true }],
  ['its own 0, once stated', { ...forever, ownTtl: true }, undefined, 60, { ttlSeconds: 0, ownTtl: true }],
  ['the one stated now', ending, 5, 60, { ttlSeconds: 5, ownTtl: true }],
  ['none if none is stated', undefined, undefined, 0, { ttlSeconds: 0, ownTtl: false }],
])('`nextLife`: the time to live of a session is %s', (_, before, statedTtl, namespaceTtl, expected) => {
  const event = { before, propertiesBefore: 1, propertiesAfter: 1, statedTtl, namespaceTtl, now: 2000 }
  const { ttlSeconds } = expected
  expect(nextLife(event)).toEqual({
    ...expected,
    createdAt: before === undefined ? 2000 : 1,
    expiresAt: ttlSeconds === 0 ? undefined : 2000 + 1000 * ttlSeconds,
  })
})
