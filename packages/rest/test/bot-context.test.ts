import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import type { ContextStore, HasSync } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { botContext } from '@context-store/rest/bot-context'
import { sqliteStore } from '@context-store/sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'

const scope = { account: '577089', user: 'user-1', conversation: 'conversation-1' }

const stores: readonly (readonly [string, () => ContextStore & HasSync])[] = [
  ['memory', () => memoryStore()],
  [
    'SQLite',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'context-store-bot-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      return sqliteStore({ path: join(folder, 'bot.db') })
    },
  ],
]

// As in a bot: it uses only the global `botContext`.
const script = `
  var cart = botContext.getContextDataForUser('shop', 'cart') || []
  cart.push({ item: 'tea', count: 2 })
  var results = [
    botContext.isContextApiEnabled(),
    botContext.registerContextNamespace('shop', 3600),
    botContext.setContextDataForUser('shop', 'cart', cart),
    botContext.setContextDataForConversation('shop', 'step', 'paying'),
    botContext.setGlobalContextData('shop', 'open', true),
    botContext.setContextDataForUser('shop', 'when', new Date()),
    botContext.getContextDataForUser('shop'),
    botContext.getContextDataForConversation('shop', 'step'),
    botContext.getContextDataForConversation('shop', 'nothing'),
    botContext.getGlobalContextData('shop', 'open'),
  ]
`

describe.each(stores)('over %s', (_name, open) => {
  function start() {
    const store = open()
    onTestFinished(() => store.close())
    return { store, context: botContext(store, scope) }
  }

  test('a bot script runs unchanged, and its scopes are sessions', async () => {
    const { store, context } = start()
    const realm = createContext({ botContext: context })
    runInContext(script, realm)
    runInContext(script, realm)
    expect(JSON.parse(JSON.stringify(realm.results))).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      {
        cart: [
          { item: 'tea', count: 2 },
          { item: 'tea', count: 2 },
        ],
      },
      'paying',
      null,
      true,
    ])
    const namespace = store.account('577089').namespace('shop')
    expect(await namespace.info()).toMatchObject({ ttlSeconds: 3600 })
    expect(await namespace.session().getAll()).toEqual({ open: true })
    expect(await namespace.session('conversation-1').getAll()).toEqual({ step: 'paying' })
  })

  test('the functions that delete remove only their own data', () => {
    const { context } = start()
    for (const name of ['a', 'b']) {
      context.setGlobalContextData('n', name, 1)
      context.setContextDataForUser('n', name, 2)
      context.setContextDataForConversation('n', name, 3)
    }
    expect(context.deleteGlobalContextData('n', 'a')).toBe(true)
    expect(context.deleteContextDataForUser('n', 'a')).toBe(true)
    expect(context.deleteContextDataForConversation('n', 'a')).toBe(true)
    expect(context.getGlobalContextData('n', 'a')).toBeNull()
    expect(context.getGlobalContextData('n', 'b')).toBe(1)
    expect(context.getContextDataForUser('n')).toEqual({ b: 2 })
    expect(context.deleteAllContextDataForUser('n')).toBe(true)
    expect(context.getContextDataForUser('n')).toBeNull()
    expect(context.getContextDataForConversation('n')).toEqual({ b: 3 })
    expect(context.deleteAllContextDataForConversation('n')).toBe(true)
    expect(context.getContextDataForConversation('n')).toBeNull()
    expect(context.deleteContextNamespace('n')).toBe(true)
    expect(context.getGlobalContextData('n', 'b')).toBeNull()
  })

  test('an object of all properties has the methods of the platform’s map', () => {
    const { context } = start()
    expect(context.setContextDataForUser('n', 'color', 'red')).toBe(true)
    expect(context.setContextDataForUser('n', 'size', 12)).toBe(true)
    const realm = createContext({ botContext: context })
    const run = (script: string) =>
      JSON.parse(
        runInContext(
          `JSON.stringify((function (all) { ${script} })(botContext.getContextDataForUser('n')))`,
          realm,
        ),
      )
    expect(run('return [all.color, all.get("color"), all.get("none"), all.get("get")]')).toEqual([
      'red',
      'red',
      null,
      null,
    ])
    expect(run('return all.keySet().concat(all.values())')).toEqual(['color', 'size', 'red', 12])
    expect(run('return [all.containsKey("size"), all.containsKey("get"), all.isEmpty()]')).toEqual([
      true,
      false,
      false,
    ])
    expect(
      run('return all.entrySet().map(function (one) { return [one.getKey(), one.getValue()] })'),
    ).toEqual([
      ['color', 'red'],
      ['size', 12],
    ])
    // A property replaces the method of the same name, and the methods are not enumerable.
    expect(run('return [all.size, all]')).toEqual([12, { color: 'red', size: 12 }])
    expect(context.getContextDataForUser('n')).toStrictEqual({ color: 'red', size: 12 })
    expect(context.deleteContextDataForUser('n', 'size')).toBe(true)
    expect(run('return all.size()')).toBe(1)
  })

  test('a name may be a number', async () => {
    const { store, context } = start()
    expect(context.setGlobalContextData(7, 3142134, { agents: 2 })).toBe(true)
    expect(context.getGlobalContextData(7, 3142134)).toEqual({ agents: 2 })
    expect(await store.session({ account: '577089', namespace: '7' }).getAll()).toEqual({
      3142134: { agents: 2 },
    })
    expect(context.deleteGlobalContextData('7', 3142134)).toBe(true)
    expect(context.getGlobalContextData(7, 3142134)).toBeNull()
    expect(context.registerContextNamespace(8)).toBe(true)
    expect(await store.account('577089').namespace('8').info()).toBeDefined()
  })

  test('`debugMessages` has the latest 1,000 messages', () => {
    const { printDebugMessage, debugMessages } = { ...start().context }
    printDebugMessage({ not: 'a text' })
    for (let i = 0; i < 1000; i++) printDebugMessage(`message ${i}`)
    printDebugMessage(1)
    expect([debugMessages.length, debugMessages[0], debugMessages.at(-1)]).toEqual([1000, 'message 1', '1'])
  })

  test('if the store refuses the arguments, a write returns false and a read null', () => {
    const { context } = start()
    expect(context.registerContextNamespace('n', -1)).toBe(false)
    expect(context.setGlobalContextData('', 'p', 1)).toBe(false)
    expect(context.setGlobalContextData('n', '\ud800', 1)).toBe(false)
    expect(context.setGlobalContextData('n', 'p', undefined)).toBe(false)
    expect(context.setGlobalContextData('n', 'p', Number.NaN)).toBe(false)
    expect(context.setGlobalContextData('n', 'p', 'x'.repeat(800_001))).toBe(false)
    expect(context.getGlobalContextData('', 'p')).toBeNull()
    expect(context.getGlobalContextData('n', 'p')).toBeNull()
    expect(context.setGlobalContextData('n', '__proto__', 1)).toBe(true)
    expect(context.getGlobalContextData('n', '__proto__')).toBe(1)
  })

  test('the functions do not use `this`, and throw if the store is closed', async () => {
    const { store, context } = start()
    const { setContextDataForUser, getContextDataForUser } = { ...context }
    expect(setContextDataForUser('n', 'p', null)).toBe(true)
    expect(getContextDataForUser('n')).toEqual({ p: null })
    await store.close()
    expect(() => getContextDataForUser('n')).toThrow(expect.objectContaining({ code: 'closed' }))
  })
})

test('`botContext` refuses a scope whose ids are the same session', () => {
  const store = memoryStore()
  const refused = (user: string, conversation: string) => () =>
    botContext(store, { account: 'a', user, conversation })
  expect(refused('x', 'x')).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  expect(refused('__default__', 'x')).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  expect(refused('x', '')).toThrow(expect.objectContaining({ code: 'invalid-address' }))
})
