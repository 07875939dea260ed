import type { ContextStore } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { agentsStorage } from '@context-store/microsoft-agents'
import { AgentState, type StoreItem, type TurnContext, TurnState } from '@microsoft/agents-hosting'
import * as botbuilder from 'botbuilder-core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'

const namespaceOf = (store: ContextStore) => store.account('shop').namespace('state')
const storageOf = (store: ContextStore) => agentsStorage(namespaceOf(store))

/** The parts of a turn that an AgentState needs. */
function turn(): TurnContext {
  return { turnState: new Map() } as unknown as TurnContext
}

/** The parts of a message that a TurnState needs. */
function message(): TurnContext {
  const conversation = { id: '7' }
  return {
    activity: { channelId: 'test', conversation, from: { id: 'ann' }, recipient: { id: 'agent' } },
  } as unknown as TurnContext
}

onEachStore((open) => {
  test('`write`, `read` and `delete` take several items', async () => {
    const storage = storageOf(open())
    expect(await storage.read(['a', 'b'])).toEqual({})
    await storage.write({ a: { count: 1 }, b: { count: 2 }, __proto__: {} })
    await storage.write({ ['__proto__']: { count: 3 } })
    const items = await storage.read(['a', 'b', 'none', '__proto__'])
    expect(Object.keys(items)).toEqual(['a', 'b', '__proto__'])
    expect(items).toMatchObject({ a: { count: 1, eTag: expect.any(String) }, b: { count: 2 } })
    await storage.delete(['a', 'b', 'never there'])
    expect(await storage.read(['a', 'b'])).toEqual({})
  })

  test('an explicit eTag is a condition', async () => {
    const storage = storageOf(open())
    await storage.write({ a: { count: 1 } })
    const { a: mine } = await storage.read(['a'])
    const { a: theirs } = await storage.read(['a'])
    await storage.write({ a: { ...mine, count: 2 } })
    await expect(storage.write({ a: { ...theirs, count: 3 } })).rejects.toMatchObject({
      code: 'conflict',
      message: 'Storage: error writing "a" due to eTag conflict.',
    })
    await expect(storage.write({ a: Object.assign(theirs, { count: 3 }) })).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await storage.read(['a'])).toMatchObject({ a: { count: 2 } })
    await storage.write({ a: { count: 4, eTag: '*' } })
    expect(await storage.read(['a'])).toMatchObject({ a: { count: 4 } })
    await storage.write({ fresh: { count: 5, eTag: 'whatever' } })
    expect(await storage.read(['fresh'])).toMatchObject({ fresh: { count: 5 } })
  })

  test.each([null, '', undefined])('an eTag of %j counts as missing, as in MemoryStorage', async (eTag) => {
    const storage = storageOf(open())
    await storage.write({ a: { count: 1 } })
    await storage.write({ a: { count: 2, eTag } })
    expect(await storage.read(['a'])).toEqual({ a: { count: 2, eTag: expect.any(String) } })
  })

  test('an eTag is never reused, even if an item is deleted and written again', async () => {
    const storage = storageOf(open())
    await storage.write({ a: { count: 1 } })
    const { a: before } = await storage.read(['a'])
    await storage.delete(['a'])
    await expect(storage.write({ a: before })).rejects.toMatchObject({ code: 'conflict' })
    await storage.write({ a: { count: 1 } })
    const { a: after } = await storage.read(['a'])
    expect(after.eTag).not.toBe(before.eTag)
    await expect(storage.write({ a: before })).rejects.toMatchObject({ code: 'conflict' })
  })

  test('overlapping turns of two processes are merged in AgentState, also the first two', async () => {
    const stores = [open({ place: 'agents' }), open({ place: 'agents' })] as const
    const states = stores.map((store) => new AgentState(storageOf(store), () => 'conversation'))
    for (const [mine, theirs] of [
      [{ step: 'pay' }, { name: 'ann' }],
      [{ basket: ['tea'] }, { step: 'done' }],
    ]) {
      const turns = [turn(), turn()]
      const loaded = await Promise.all(states.map((state, i) => state.load(turns[i] ?? turn())))
      Object.assign(loaded[0] ?? {}, mine)
      Object.assign(loaded[1] ?? {}, theirs)
      for (const [i, state] of states.entries()) await state.saveChanges(turns[i] ?? turn())
    }
    const { conversation } = await storageOf(stores[0]).read(['conversation'])
    expect(conversation).toEqual({ step: 'done', name: 'ann', basket: ['tea'], eTag: expect.any(String) })
  })

  test('overlapping turns of two processes are merged in the Bot Framework’s ConversationState', async () => {
    const stores = [open({ place: 'bots' }), open({ place: 'bots' })] as const
    const conversation = { id: '7', isGroup: false, conversationType: 'personal', name: '' }
    const activity = { type: 'message', channelId: 'test', conversation }
    const turns = stores.map((store) => {
      const state = new botbuilder.ConversationState(storageOf(store))
      const context = new botbuilder.TurnContext(new botbuilder.TestAdapter(async () => {}), activity)
      return {
        state,
        context,
        dialog: state.createProperty('dialog'),
        profile: state.createProperty('profile'),
      }
    })
    const [mine, theirs] = turns
    if (mine === undefined || theirs === undefined) throw new Error('two turns')
    await mine.dialog.get(mine.context, { step: 0 })
    await theirs.profile.get(theirs.context, { name: '' })
    await mine.dialog.set(mine.context, { step: 1 })
    await theirs.profile.set(theirs.context, { name: 'ann' })
    await mine.state.saveChanges(mine.context)
    await theirs.state.saveChanges(theirs.context)
    const items = await storageOf(stores[0]).read([mine.state.getStorageKey(mine.context) ?? ''])
    expect(Object.values(items)).toEqual([
      { dialog: { step: 1 }, profile: { name: 'ann' }, eTag: expect.any(String) },
    ])
  })

  test('overlapping turns of a TurnState are merged on a new item, and the second is refused on an existing one', async () => {
    const stores = [open({ place: 'turns' }), open({ place: 'turns' })] as const
    const overlap = async (mine: object, theirs: object) => {
      const storages = stores.map(storageOf)
      const turns = storages.map(() => new TurnState())
      for (const [i, state] of turns.entries()) await state.load(message(), storages[i])
      for (const [i, change] of [mine, theirs].entries()) {
        const state = turns[i] ?? new TurnState()
        Object.assign(state.conversation, change)
        await state.save(message(), storages[i])
      }
    }
    await overlap({ step: 'pay' }, { name: 'ann' })
    await expect(overlap({ step: 'done' }, { name: 'bob' })).rejects.toMatchObject({ code: 'conflict' })
    expect(Object.values(await storageOf(stores[0]).read(['test/agent/conversations/7']))).toEqual([
      { step: 'done', name: 'ann', eTag: expect.any(String) },
    ])
  })

  test('an item that was deleted by another turn stays deleted', async () => {
    const store = open()
    const state = new AgentState(storageOf(store), () => 'conversation')
    await storageOf(store).write({ conversation: { step: 'pay' } })
    const context = turn()
    const loaded = await state.load(context)
    await storageOf(store).delete(['conversation'])
    Object.assign(loaded, { step: 'done' })
    await state.saveChanges(context)
    expect(await storageOf(store).read(['conversation'])).toEqual({})
  })

  test('a cleared state replaces the whole item', async () => {
    const store = open()
    const state = new AgentState(storageOf(store), () => 'conversation')
    await storageOf(store).write({ conversation: { step: 'pay', name: 'ann' } })
    const context = turn()
    await state.load(context)
    await state.clear(context)
    await state.saveChanges(context)
    expect(await storageOf(store).read(['conversation'])).toEqual({
      conversation: { eTag: expect.any(String) },
    })
  })

  test('every write restarts the time to live of an item', async () => {
    let clock = Date.UTC(2026, 0)
    const storage = agentsStorage(namespaceOf(open({ now: () => clock })), { ttlSeconds: 60 })
    await storage.write({ a: { count: 1 } })
    clock += 59_999
    const { a } = await storage.read(['a'])
    await storage.write({ a })
    await storage.write({ b: { count: 2, eTag: '*' } })
    clock += 59_999
    expect(await storage.read(['a', 'b'])).toMatchObject({ a: { count: 1 }, b: { count: 2 } })
    clock += 1
    expect(await storage.read(['a', 'b'])).toEqual({})
  })

  test('if one item cannot be written, the others still are', async () => {
    const storage = storageOf(open())
    const changes = { big: { text: 'x'.repeat(900_000) }, small: { count: 1 } }
    await expect(storage.write(changes)).rejects.toMatchObject({ code: 'too-large' })
    expect(await storage.read(['big', 'small'])).toMatchObject({ small: { count: 1 } })
  })

  test('keys of any length name different items', async () => {
    const storage = storageOf(open())
    const keys = ['!@#$%^&*()~/\\><,.?\';"`~', '', 'x'.repeat(600), `${'x'.repeat(600)}y`]
    await storage.write(Object.fromEntries(keys.map((key) => [key, { key }])))
    expect(Object.values(await storage.read(keys)).map((item) => (item as StoreItem).key)).toEqual(keys)
  })
})

test('overlapping turns that change different members are all kept, in any order', async () => {
  const turns = fc.uniqueArray(fc.record({ member: fc.string(), value: fc.jsonValue(), order: fc.nat() }), {
    maxLength: 6,
    selector: ({ member }) => member,
  })
  await fc.assert(
    fc.asyncProperty(turns, async (all) => {
      const store = memoryStore()
      const changes = all.filter(({ member }) => member !== 'eTag')
      const states = changes.map(() => new AgentState(storageOf(store), () => 'conversation'))
      const contexts = changes.map(() => turn())
      const loaded = await Promise.all(states.map((state, i) => state.load(contexts[i] ?? turn())))
      const order = changes
        .map((_, i) => i)
        .sort((a, b) => (changes[a]?.order ?? 0) - (changes[b]?.order ?? 0))
      for (const i of order) {
        const { member = '', value } = changes[i] ?? {}
        Object.defineProperty(loaded[i] ?? {}, member, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        })
        await states[i]?.saveChanges(contexts[i] ?? turn())
      }
      const { conversation = {} } = await storageOf(store).read(['conversation'])
      const { eTag: _, ...members } = conversation
      expect(new Map(Object.entries(members))).toEqual(
        new Map(changes.map(({ member, value }) => [member, JSON.parse(JSON.stringify(value))])),
      )
    }),
    { numRuns: 100 },
  )
})

test('`read` and `write` without an argument reject, as in the runtimes’ own storages', async () => {
  const storage = storageOf(memoryStore())
  await expect(storage.read(undefined as never)).rejects.toThrow(
    new ReferenceError('Keys are required when reading.'),
  )
  await expect(storage.write(undefined as never)).rejects.toThrow(
    new ReferenceError('Changes are required when writing.'),
  )
  expect(await storage.read([])).toEqual({})
  await storage.write({})
})

test('it is also a Storage of the Bot Framework', () => {
  const storage: botbuilder.Storage = storageOf(memoryStore())
  expect(storage).toBeDefined()
})

test('unknown options and invalid times to live are refused', () => {
  const namespace = namespaceOf(memoryStore())
  expect(() => agentsStorage(namespace, { ttl: 60 } as never)).toThrow(/"ttl"/)
  expect(() => agentsStorage(namespace, { ttlSeconds: 1.5 })).toThrow(/ttlSeconds/)
})
