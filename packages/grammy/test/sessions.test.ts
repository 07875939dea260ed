import type { ContextStore } from '@context-store/core'
import { grammyStorage } from '@context-store/grammy'
import { memoryStore } from '@context-store/memory'
import {
  type Conversation,
  type ConversationFlavor,
  conversations,
  createConversation,
} from '@grammyjs/conversations'
import {
  type Bot,
  type Context,
  type Enhance,
  enhanceStorage,
  type LazySessionFlavor,
  lazySession,
  type SessionFlavor,
  session,
} from 'grammy'
import { expect, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'
import { messageOf, offlineBot } from './offline-bot.ts'

interface Data {
  basket: string[]
  step?: string
}
type ShopContext = Context & SessionFlavor<Data>

const chatsOf = (store: ContextStore) => store.account('shop').namespace('chats')

function shopBot(store: ContextStore, turn: (ctx: ShopContext) => void | Promise<void>): Bot<ShopContext> {
  const bot = offlineBot<ShopContext>()
  bot.use(session({ storage: grammyStorage<Data>(chatsOf(store), { initial: () => ({ basket: [] }) }) }))
  bot.on('message', (ctx) => turn(ctx))
  return bot
}

/** Runs both turns so that both have read before either writes. */
async function overlapping(
  stores: readonly [ContextStore, ContextStore],
  changes: readonly [(data: Data) => void, (data: Data) => void],
): Promise<void> {
  const waiting: (() => void)[] = []
  const turn = (change: (data: Data) => void) => async (ctx: ShopContext) => {
    if (waiting.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else for (const goOn of waiting) goOn()
    change(ctx.session)
  }
  await Promise.all([
    shopBot(stores[0], turn(changes[0])).handleUpdate(messageOf(7, 'a')),
    shopBot(stores[1], turn(changes[1])).handleUpdate(messageOf(7, 'b')),
  ])
}

async function listOf<T>(items: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

onEachStore((open) => {
  test('the next turn reads the session, also in another bot', async () => {
    const store = open()
    await shopBot(store, (ctx) => void ctx.session.basket.push(ctx.msg?.text ?? '')).handleUpdate(
      messageOf(7, 'tea'),
    )
    await shopBot(store, (ctx) => void ctx.session.basket.push(ctx.msg?.text ?? '')).handleUpdate(
      messageOf(7, 'milk'),
    )
    expect(await grammyStorage(chatsOf(store)).read('7')).toEqual({ basket: ['tea', 'milk'] })
    expect(await chatsOf(store).session('7').get('basket')).toEqual(['tea', 'milk'])
    expect(await grammyStorage(chatsOf(store)).read('8')).toBeUndefined()
  })

  test('overlapping turns of two bots are merged, also the first two of a chat', async () => {
    const stores = [open({ place: 'two-bots' }), open({ place: 'two-bots' })] as const
    await overlapping(stores, [
      (data) => void data.basket.push('tea'),
      (data) => Object.assign(data, { name: 'Ann' }),
    ])
    expect(await chatsOf(stores[0]).session('7').get('name')).toBe('Ann')
    await overlapping(stores, [
      (data) => void data.basket.push('milk'),
      (data) => Object.assign(data, { step: 'pay' }),
    ])
    const storage = grammyStorage<Data>(chatsOf(stores[1]))
    expect(await storage.read('7')).toEqual({
      basket: ['tea', 'milk'],
      name: 'Ann',
      step: 'pay',
    })
  })

  test('a session that another bot deleted meanwhile stays deleted', async () => {
    const store = open()
    const storage = grammyStorage<Data>(chatsOf(store))
    await storage.write('7', { basket: ['tea'] })
    await shopBot(store, async (ctx) => {
      ctx.session.step = 'pay'
      await storage.delete('7')
    }).handleUpdate(messageOf(7, 'a'))
    expect(await storage.read('7')).toBeUndefined()
  })

  test('assigning a new object replaces the whole session, and null deletes it', async () => {
    const store = open()
    const storage = grammyStorage<Data>(chatsOf(store))
    await storage.write('7', { basket: ['tea'], step: 'pay' })
    await shopBot(store, (ctx) => {
      ctx.session = { basket: [] }
    }).handleUpdate(messageOf(7, 'a'))
    expect(await storage.read('7')).toEqual({ basket: [] })
    await shopBot(store, (ctx) => {
      Object.assign(ctx, { session: null })
    }).handleUpdate(messageOf(7, 'b'))
    expect(await storage.has('7')).toBe(false)
  })

  test('each turn that uses a session restarts its time to live, and no turn brings it back', async () => {
    let clock = Date.UTC(2026, 0)
    const store = open({ now: () => clock })
    const storage = grammyStorage<Data>(chatsOf(store), { ttlSeconds: 60 })
    await storage.write('7', { basket: [] })
    clock += 59_000
    const data = await storage.read('7')
    expect(data).toEqual({ basket: [] })
    await storage.write('7', data ?? { basket: [] })
    clock += 59_000
    const late = await storage.read('7')
    expect(late).toEqual({ basket: [] })
    clock += 2_000
    await storage.write('7', late ?? { basket: ['never'] })
    expect(await storage.read('7')).toBeUndefined()
  })

  test('any JSON value can be a session', async () => {
    const storage = grammyStorage<unknown>(chatsOf(open()))
    for (const value of [0, '', false, 'text', [1, [2]], {}, { a: null }]) {
      await storage.write('7', value)
      expect(await storage.read('7')).toEqual(value)
    }
    await storage.write('7', { at: new Date(0), left: undefined, text: 'lone \ud800' })
    expect(await storage.read('7')).toEqual({ at: '1970-01-01T00:00:00.000Z', text: 'lone \ufffd' })
  })

  test('all keys, values and entries are listed, and keys of any length are distinct', async () => {
    const storage = grammyStorage<number>(chatsOf(open()))
    await storage.write('7', 1)
    await storage.write('x'.repeat(600), 2)
    await storage.write(`${'x'.repeat(600)}y`, 3)
    expect(await storage.read('x'.repeat(600))).toBe(2)
    expect((await listOf(storage.readAllValues())).sort()).toEqual([1, 2, 3])
    expect(await listOf(storage.readAllKeys())).toContain('7')
    expect(await listOf(storage.readAllEntries())).toContainEqual(['7', 1])
  })

  test('a lazy session is written only if it was used', async () => {
    const store = open()
    const bot = offlineBot<Context & LazySessionFlavor<Data>>()
    bot.use(
      lazySession({ initial: (): Data => ({ basket: [] }), storage: grammyStorage<Data>(chatsOf(store)) }),
    )
    bot.hears('use', async (ctx) => {
      ;(await ctx.session).basket.push('tea')
    })
    await bot.handleUpdate(messageOf(7, 'nothing'))
    expect(await chatsOf(store).session('7').info()).toBeUndefined()
    await bot.handleUpdate(messageOf(7, 'use'))
    await bot.handleUpdate(messageOf(7, 'use'))
    expect(await chatsOf(store).session('7').get('basket')).toEqual(['tea', 'tea'])
  })

  test('each part of a multi session has its own storage', async () => {
    const store = open()
    const bot = offlineBot<Context & SessionFlavor<{ chat: Data; user: { visits: number } }>>()
    bot.use(
      session({
        type: 'multi',
        chat: { initial: (): Data => ({ basket: [] }), storage: grammyStorage<Data>(chatsOf(store)) },
        user: {
          initial: () => ({ visits: 0 }),
          storage: grammyStorage<{ visits: number }>(store.account('shop').namespace('users')),
          getSessionKey: (ctx) => ctx.from?.id.toString(),
        },
      }),
    )
    bot.on('message', (ctx) => {
      ctx.session.user.visits++
    })
    await bot.handleUpdate(messageOf(7, 'a'))
    await bot.handleUpdate(messageOf(8, 'b'))
    expect(await store.account('shop').namespace('users').session('1').get('visits')).toBe(2)
    expect(await chatsOf(store).session('8').get('basket')).toEqual([])
  })

  test('enhanced sessions are migrated and expire, and their overlapping turns are merged, too', async () => {
    const store = open()
    const storage = grammyStorage<Enhance<Data>>(chatsOf(store))
    const enhanced = (from: number) =>
      enhanceStorage<Data>({
        storage,
        millisecondsToLive: 60_000,
        migrations: { [from]: (data) => ({ ...data, step: `v${from}` }) },
      })
    await enhanced(1).write('7', { basket: ['tea'] })
    const [one, other] = [await enhanced(1).read('7'), await enhanced(1).read('7')]
    expect(one).toEqual({ basket: ['tea'] })
    one?.basket.push('milk')
    Object.assign(other ?? {}, { step: 'pay' })
    if (one) await enhanced(1).write('7', one)
    if (other) await enhanced(1).write('7', other)
    expect(await enhanced(1).read('7')).toEqual({ basket: ['tea', 'milk'], step: 'pay' })
    expect(await enhanced(2).read('7')).toEqual({ basket: ['tea', 'milk'], step: 'v2' })
    expect(await storage.read('7')).toMatchObject({ v: 1, e: expect.any(Number) })
    await storage.write('7', { __d: { basket: [] }, e: 1 })
    expect(await enhanced(1).read('7')).toBeUndefined()
    expect(await chatsOf(store).session('7').info()).toBeUndefined()
  })

  test('with `initial`, the first turns of an enhanced session are merged', async () => {
    const storage = () =>
      grammyStorage<Enhance<Data>>(chatsOf(store), { initial: () => ({ __d: { basket: [] } }) })
    const store = open()
    const [one, other] = [enhanceStorage({ storage: storage() }), enhanceStorage({ storage: storage() })]
    const [mine, theirs] = [await one.read('7'), await other.read('7')]
    mine?.basket.push('tea')
    Object.assign(theirs ?? {}, { step: 'pay' })
    if (mine) await one.write('7', mine)
    if (theirs) await other.write('7', theirs)
    expect(await one.read('7')).toEqual({ basket: ['tea'], step: 'pay' })
  })

  test('data that is not an object is stored together with its wrapper', async () => {
    const storage = grammyStorage<Enhance<unknown>>(chatsOf(open()))
    for (const data of [5, [1], null, 'text', { 'grammy:envelope': 1 }]) {
      await enhanceStorage({ storage, millisecondsToLive: 60_000 }).write('7', data)
      expect(await enhanceStorage({ storage, millisecondsToLive: 60_000 }).read('7')).toEqual(data)
    }
  })

  test('another bot resumes a conversation', async () => {
    type Talk = ConversationFlavor<Context>
    const place = 'conversation'
    const heard: string[] = []
    const talkBot = (store: ContextStore) => {
      const bot = offlineBot<Talk>()
      bot.use(conversations<Talk, Context>({ storage: grammyStorage(chatsOf(store)) }))
      bot.use(
        createConversation(async (conversation: Conversation<Context, Context>, ctx: Context) => {
          const name = await conversation.waitFor('message:text')
          const city = await conversation.waitFor('message:text')
          await conversation.external(() =>
            heard.push(`${name.msg.text} of ${city.msg.text} in ${ctx.chatId}`),
          )
        }, 'greeting'),
      )
      bot.hears('start', (ctx) => ctx.conversation.enter('greeting'))
      return bot
    }
    for (const text of ['start', 'Ann', 'Rome', 'over'])
      await talkBot(open({ place })).handleUpdate(messageOf(7, text))
    expect(heard).toEqual(['Ann of Rome in 7'])
    expect(await chatsOf(open({ place })).session('7').info()).toBeUndefined()
  })
})

test('unknown options and invalid times to live are refused', () => {
  const namespace = chatsOf(memoryStore())
  expect(() => grammyStorage(namespace, { ttl: 60 } as never)).toThrow(/"ttl"/)
  expect(() => grammyStorage(namespace, { ttlSeconds: 1.5 })).toThrow(/ttlSeconds/)
})
