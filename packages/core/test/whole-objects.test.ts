import {
  type ContextStore,
  type JsonValue,
  type Properties,
  type Session,
  StoreUnavailableError,
} from '@context-store/core'
import { idWithinLimit, storableJson, WholeObjects } from '@context-store/core/bridge'
import { memoryStore } from '@context-store/memory'
import fc from 'fast-check'
import { expect, test } from 'vitest'

/** Two `WholeObjects` over one store stand for two processes: one does not know what the other remembers. */
function twoOverOne(store: ContextStore = memoryStore()) {
  const session = store.account('bots').namespace('chats').session('chat-1')
  return { session, one: new WholeObjects(), other: new WholeObjects() }
}

type Members = { [name: string]: unknown }

async function membersOf(objects: WholeObjects, session: Session): Promise<Members> {
  return (await objects.read(session)) as Members
}

test('two writers that read the same object and change different members both succeed', async () => {
  const { session, one, other } = twoOverOne()
  await one.write(session, { step: 'start', basket: ['tea'], note: 'old' })
  const [mine, theirs] = [await membersOf(one, session), await membersOf(other, session)]
  mine.step = 'pay'
  delete mine.note
  theirs.basket = ['tea', 'milk']
  expect(await Promise.all([one.write(session, mine), other.write(session, theirs)])).toEqual([true, true])
  expect(await one.read(session)).toEqual({ step: 'pay', basket: ['tea', 'milk'] })
})

test('`write` of an object that was deleted meanwhile does not recreate it or change its successor', async () => {
  const { session, one, other } = twoOverOne()
  await one.write(session, { user: 'ann' })
  const mine = await membersOf(one, session)
  mine.seen = true
  await other.delete(session)
  expect(await one.write(session, mine)).toBe(false)
  expect(await one.touch(session, mine, 60)).toBe(false)
  expect(await session.getAll()).toEqual({})
  await other.write(session, { user: 'bob' })
  expect(await one.write(session, mine)).toBe(false)
  expect(await one.read(session)).toEqual({ user: 'bob' })
})

test('`write` of an object that has expired meanwhile does not recreate it', async () => {
  let clock = 0
  const { session, one } = twoOverOne(memoryStore({ now: () => clock }))
  await one.write(session, { user: 'ann' }, { ttlSeconds: 60 })
  const mine = await membersOf(one, session)
  clock = 59_999
  expect(await one.write(session, mine, { ttlSeconds: 60 })).toBe(true)
  clock = 119_998
  expect(await one.touch(session, mine, 60)).toBe(true)
  clock = 179_998
  mine.late = true
  expect(await one.write(session, mine, { ttlSeconds: 60 })).toBe(false)
  expect(await one.touch(session, mine, 60)).toBe(false)
  expect(await one.read(session)).toBeUndefined()
})

test('`touch` without a read before restarts the time to live, and creates nothing', async () => {
  let clock = 0
  const { session, one } = twoOverOne(memoryStore({ now: () => clock }))
  expect(await one.touch(session, {}, 60)).toBe(false)
  await one.write(session, { user: 'ann' }, { ttlSeconds: 60 })
  clock = 59_000
  expect(await one.touch(session, { user: 'a copy' }, 60, { '@seen': 1 })).toBe(true)
  clock = 118_000
  expect(await one.read(session)).toEqual({ user: 'ann', '@seen': 1 })
})

test('two writers that found nothing and create the object at the same time are merged', async () => {
  const { session, one, other } = twoOverOne()
  expect([await one.read(session), await other.read(session)]).toEqual([undefined, undefined])
  const written = [
    one.write(session, { name: 'ann', step: 1 }),
    other.write(session, { city: 'rome', step: 2 }),
  ]
  expect(await Promise.all(written)).toEqual([true, true])
  expect(await one.read(session)).toEqual({ name: 'ann', city: 'rome', step: 2 })
})

test('two writers of one process are merged too, and a later write of a new object replaces the whole', async () => {
  const { session, one } = twoOverOne()
  expect([await one.read(session), await one.read(session)]).toEqual([undefined, undefined])
  await one.write(session, { name: 'ann' })
  await one.write(session, { city: 'rome' })
  expect(await one.read(session)).toEqual({ name: 'ann', city: 'rome' })
  await one.write(session, { cleared: true })
  expect(await one.read(session)).toEqual({ cleared: true })
})

test('after a writer has created the object, its write of another new object replaces it', async () => {
  const { session, one } = twoOverOne()
  await one.read(session)
  await one.write(session, { name: 'ann' })
  await one.write(session, { cleared: true })
  expect(await one.read(session)).toEqual({ cleared: true })
})

test('two writers that create an object with initial members each write only what differs from these', async () => {
  const { session, one, other } = twoOverOne()
  const initial = () => ({ basket: [], step: 0, note: 'new' })
  const [mine, theirs] = [await one.read(session, initial), await other.read(session, initial)]
  expect(await one.write(session, mine)).toBe(true)
  expect(await session.info()).toBeUndefined()
  await one.write(session, Object.assign(mine as Members, { basket: ['tea'] }))
  delete (theirs as Members).note
  await other.write(session, Object.assign(theirs as Members, { step: 1 }))
  expect(await one.read(session, initial)).toEqual({ basket: ['tea'], step: 1 })
  expect(await one.read(session, () => 5)).toEqual({ basket: ['tea'], step: 1 })
})

test('a new object that is written instead of the initial one replaces everything stored by then', async () => {
  const { session, one, other } = twoOverOne()
  await one.read(session, () => ({ step: 0 }))
  await other.write(session, { name: 'ann', step: 1 })
  await one.write(session, { cleared: true })
  expect(await one.read(session)).toEqual({ cleared: true })
})

test('an object and an array written at the same time are not mixed: the later replaces the earlier', async () => {
  const { session, one, other } = twoOverOne()
  expect([await one.read(session), await other.read(session)]).toEqual([undefined, undefined])
  await one.write(session, ['tea'])
  await other.write(session, { basket: ['milk'] })
  expect(await one.read(session)).toEqual({ basket: ['milk'] })
  expect(await session.get('@value')).toBeUndefined()
})

test('`write` of an object that `read` did not return replaces the stored one', async () => {
  const { session, one, other } = twoOverOne()
  await one.write(session, { user: 'ann', basket: [] })
  await other.read(session)
  await other.write(session, { user: 'bob' })
  expect(await one.read(session)).toEqual({ user: 'bob' })
})

test('an object read from one session is a new object in another session', async () => {
  const { session, one } = twoOverOne()
  const second = memoryStore().account('a').namespace('n').session('s')
  await one.write(session, { user: 'ann', step: 1 })
  await one.write(second, await one.read(session))
  expect(await one.read(second)).toEqual({ user: 'ann', step: 1 })
})

test('after `copied`, the copy is written like the original', async () => {
  const { session, one, other } = twoOverOne()
  await one.write(session, { step: 1, basket: [] })
  const mine = await membersOf(one, session)
  const copy = { ...mine }
  one.copied(mine, copy)
  await other.write(session, Object.assign(await membersOf(other, session), { basket: ['tea'] }))
  await one.write(session, Object.assign(copy, { step: 2 }))
  expect(await one.read(session)).toEqual({ step: 2, basket: ['tea'] })
})

test('an object can be written repeatedly without a read', async () => {
  const { session, one, other } = twoOverOne()
  const mine: Members = { step: 1 }
  await one.write(session, mine)
  await other.write(session, Object.assign(await membersOf(other, session), { basket: ['tea'] }))
  mine.step = 2
  await one.write(session, mine)
  expect(await one.read(session)).toEqual({ step: 2, basket: ['tea'] })
})

test('`write` sends nothing if nothing changed', async () => {
  let clock = 0
  const { session, one } = twoOverOne(memoryStore({ now: () => clock }))
  await session.patch({}, { ttlSeconds: 60 })
  await one.write(session, { step: 1, list: [1, { a: 2 }] })
  clock = 30_000
  await one.write(session, await one.read(session))
  expect((await session.info())?.expiresAt).toEqual(new Date(60_000))
})

test('an object may have no members, or any names, including the bridge’s reserved ones', async () => {
  const { session, one, other } = twoOverOne()
  await one.write(session, {})
  expect(await other.read(session)).toEqual({})
  const odd = JSON.parse('{"__proto__":1,"@life":2,"@value":3,"@":4,"@@life":5,"":6,"constructor":7}')
  await one.write(session, odd)
  const read = await other.read(session)
  expect(JSON.stringify(read)).toBe(JSON.stringify(await one.read(session)))
  expect(new Map(Object.entries(read as object))).toEqual(new Map(Object.entries(odd)))
  await other.write(session, Object.assign(read as object, { '@life': 'changed' }))
  expect(await one.read(session)).toHaveProperty('@life', 'changed')
})

test.each([[[1, 2]], ['text'], [0], [false], [null], [new Date(0)]])(
  'a value that is not a plain object is stored as one property: %j',
  async (value) => {
    const { session, one, other } = twoOverOne()
    const stored = JSON.parse(JSON.stringify(value))
    await one.write(session, value)
    expect(await other.read(session)).toEqual(stored)
    await one.write(session, { now: 'an object' })
    expect(await other.read(session)).toEqual({ now: 'an object' })
    await other.write(session, stored)
    expect(await one.read(session)).toEqual(stored)
  },
)

test('`write` refuses an array that an object has replaced since it was read, and the other way round', async () => {
  const { session, one, other } = twoOverOne()
  await one.write(session, ['tea'])
  const list = (await other.read(session)) as unknown[]
  await one.write(session, { basket: ['tea'] })
  list.push('milk')
  expect(await other.write(session, list)).toBe(false)
  const object = await membersOf(other, session)
  expect(object).toEqual({ basket: ['tea'] })
  await one.write(session, ['tea'])
  object.step = 1
  expect(await other.write(session, object)).toBe(false)
  expect(await other.read(session)).toEqual(['tea'])
})

test('`write` of undefined deletes the object', async () => {
  const { session, one } = twoOverOne()
  await one.write(session, { a: 1 })
  await one.write(session, undefined)
  expect(await session.info()).toBeUndefined()
})

test('`write` refuses what JSON.stringify refuses, and writes nothing', async () => {
  const { session, one } = twoOverOne()
  const cycle: Members = { ok: 1 }
  cycle.self = cycle
  await expect(one.write(session, cycle)).rejects.toThrow(TypeError)
  await expect(one.write(session, { big: 1n })).rejects.toThrow(TypeError)
  expect(await session.info()).toBeUndefined()
})

test('`write` takes an additional condition, and sets the bridge’s own properties', async () => {
  const { session, one } = twoOverOne()
  await one.write(session, { a: 1, tag: '*' }, { also: { tag: 'first' } })
  const mine = await membersOf(one, session)
  expect(mine).toEqual({ a: 1, tag: 'first' })
  expect(await one.write(session, { a: 2 }, { expected: { tag: 'other' } })).toBe(false)
  expect(await one.write(session, mine, { expected: { tag: 'other' } })).toBe(false)
  expect(await one.read(session)).toEqual({ a: 1, tag: 'first' })
  mine.a = 3
  expect(await one.write(session, mine, { expected: { tag: 'first' }, also: { tag: 'second' } })).toBe(true)
  expect(await one.read(session)).toEqual({ a: 3, tag: 'second' })
})

test('after an error of the store, the write can be retried', async () => {
  const { session, one, other } = twoOverOne(memoryStore({ limits: { documentLength: 200 } }))
  await one.write(session, { a: 1 })
  const mine = await membersOf(one, session)
  mine.b = 'x'.repeat(300)
  await expect(one.write(session, mine)).rejects.toMatchObject({ code: 'too-large' })
  mine.b = 'short'
  expect(await one.write(session, mine)).toBe(true)
  expect(await other.read(session)).toEqual({ a: 1, b: 'short' })
})

/** A session that loses the response to the next conditional patch, which has or has not taken effect. */
function losingOneAnswer(session: Session, takesEffect: boolean): Session {
  let isLost = false
  return new Proxy(session, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        if (name !== 'patchIf' || isLost) return member.apply(target, args)
        isLost = true
        if (takesEffect) await member.apply(target, args)
        throw new StoreUnavailableError('the answer was lost', { outcome: 'unknown' })
      }
    },
  })
}

test.each([true, false])(
  'a retry of a write whose response was lost loses no changes (it took effect: %s)',
  async (takesEffect) => {
    const { session, one, other } = twoOverOne()
    const losing = losingOneAnswer(session, takesEffect)
    expect(await one.read(losing)).toBeUndefined()
    const mine: Members = { name: 'ann' }
    await expect(one.write(losing, mine)).rejects.toMatchObject({ code: 'unavailable' })
    const theirs = (await other.read(session)) ?? {}
    await other.write(session, Object.assign(theirs, { city: 'rome' }))
    expect(await one.write(losing, mine)).toBe(true)
    expect(await one.read(session)).toEqual({ name: 'ann', city: 'rome' })

    const again = losingOneAnswer(session, takesEffect)
    const known = await membersOf(one, again)
    known.step = 1
    await expect(one.write(again, known)).rejects.toMatchObject({ code: 'unavailable' })
    await other.write(session, Object.assign(await membersOf(other, session), { city: 'oslo' }))
    expect(await one.write(again, known)).toBe(true)
    expect(await one.read(session)).toEqual({ name: 'ann', city: 'oslo', step: 1 })
  },
)

test('only the last 10,000 sessions that were read and not found are remembered', async () => {
  const namespace = memoryStore().account('a').namespace('n')
  const objects = new WholeObjects()
  for (let id = 0; id < 10_001; id++) await objects.read(namespace.session(`${id}`))
  // The oldest is forgotten, so a write to it replaces what another writer has stored.
  await new WholeObjects().write(namespace.session('0'), { theirs: 1 })
  await new WholeObjects().write(namespace.session('10000'), { theirs: 1 })
  await objects.write(namespace.session('0'), { mine: 1 })
  await objects.write(namespace.session('10000'), { mine: 1 })
  expect(await objects.read(namespace.session('0'))).toEqual({ mine: 1 })
  expect(await objects.read(namespace.session('10000'))).toEqual({ mine: 1, theirs: 1 })
})

test('after overlapping writes, each member has the value of its last writer', async () => {
  const turn = fc.record({
    process: fc.nat(2),
    sets: fc.dictionary(fc.constantFrom('a', 'b', '@c', '__proto__'), fc.jsonValue(), {
      noNullPrototype: true,
    }),
    removes: fc.subarray(['a', 'b', '@c']),
    ends: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { maxLength: 12 }), async (turns) => {
      const session = memoryStore().account('a').namespace('n').session('s')
      const processes = [new WholeObjects(), new WholeObjects(), new WholeObjects()]
      const model = new Map<string, JsonValue>()
      await processes[0]?.write(session, {})
      // Each process reads once and writes at the end of each of its turns; `ends` makes it read anew.
      const held = await Promise.all(processes.map((objects) => membersOf(objects, session)))
      for (const { process, sets, removes, ends } of turns) {
        const [objects, mine] = [processes[process], held[process]]
        if (objects === undefined || mine === undefined) continue
        const before = new Map(Object.entries(mine).map(([name, value]) => [name, JSON.stringify(value)]))
        for (const name of removes) delete mine[name]
        for (const [name, value] of Object.entries(sets)) {
          Object.defineProperty(mine, name, { value, enumerable: true, configurable: true, writable: true })
        }
        await objects.write(session, mine)
        const after = new Map(Object.entries(mine).map(([name, value]) => [name, JSON.stringify(value)]))
        for (const name of before.keys()) if (!after.has(name)) model.delete(name)
        for (const [name, text] of after) if (before.get(name) !== text) model.set(name, JSON.parse(text))
        if (ends) held[process] = await membersOf(objects, session)
      }
      const left = (await new WholeObjects().read(session)) as Properties
      expect(new Map(Object.entries(left))).toEqual(model)
    }),
    { numRuns: 300 },
  )
})

test('`storableJson` returns what JSON.stringify keeps, in well-formed Unicode', () => {
  const value = {
    date: new Date(0),
    left: undefined,
    list: [undefined, () => {}, Number.NaN, -0],
    map: new Map([[1, 2]]),
    '\ud800': 'lone \udfff and \\ud800 as text, \ud83d\ude00',
  }
  expect(storableJson(value)).toEqual({
    date: '1970-01-01T00:00:00.000Z',
    list: [null, null, null, 0],
    map: {},
    '\ufffd': 'lone \ufffd and \\ud800 as text, \ud83d\ude00',
  })
  expect(storableJson(undefined)).toBeUndefined()
  expect(storableJson(() => {})).toBeUndefined()
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(storableJson(json)).toEqual(JSON.parse(JSON.stringify(json)))
    }),
  )
})

test('`idWithinLimit` returns valid ids unchanged, and hashes all others without collisions', async () => {
  expect(await idWithinLimit('telegram:42')).toBe('telegram:42')
  expect(await idWithinLimit('x'.repeat(512))).toBe('x'.repeat(512))
  const long = await idWithinLimit('x'.repeat(513))
  expect(long).toMatch(/^#513:[0-9a-f]{64}$/)
  const session = memoryStore().account('a').namespace('n')
  const odd = ['', '\ud800', '\udbff', '\ufffd', 'x'.repeat(513), `${'x'.repeat(512)}y`, long, '#0', '#0:ab']
  const ids = await Promise.all(odd.map(idWithinLimit))
  expect(new Set(ids).size).toBe(odd.length)
  for (const id of ids) await session.session(id).patch({ a: 1 })
  expect(await idWithinLimit(long)).not.toBe(long)
})
