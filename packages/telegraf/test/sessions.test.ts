import type { ContextStore } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { type TelegrafStoreOptions, telegrafStore } from '@context-store/telegraf'
import { type Context, session, Telegraf } from 'telegraf'
import { expect, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'

interface Data {
  basket: string[]
  step?: string
  name?: string
}
interface ShopContext extends Context {
  session: Data
}

const chatsOf = (store: ContextStore) => store.account('shop').namespace('chats')

function shopBot(
  store: ContextStore,
  turn: (ctx: ShopContext) => unknown,
  options?: TelegrafStoreOptions<Data>,
): Telegraf<ShopContext> {
  const bot = new Telegraf<ShopContext>('1:offline')
  bot.botInfo = {
    id: 1,
    is_bot: true,
    first_name: 'Shop',
    username: 'shop_bot',
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
  }
  const sessions = telegrafStore<Data>(chatsOf(store), { initial: () => ({ basket: [] }), ...options })
  bot.use(session({ store: sessions }))
  bot.on('message', async (ctx) => void (await turn(ctx)))
  return bot
}

let updates = 0

async function say(bot: Telegraf<ShopContext>, text: string, chat = 7): Promise<void> {
  const from = { id: 1, is_bot: false, first_name: 'Ann' }
  const to = { id: chat, type: 'private' as const, first_name: 'Ann' }
  updates++
  await bot.handleUpdate({
    update_id: updates,
    message: { message_id: updates, date: 0, chat: to, from, text },
  })
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
    say(shopBot(stores[0], turn(changes[0])), 'a'),
    say(shopBot(stores[1], turn(changes[1])), 'b'),
  ])
}

onEachStore((open) => {
  test('the next turn reads the session, also in another bot', async () => {
    const store = open()
    await say(
      shopBot(store, (ctx) => ctx.session.basket.push('tea')),
      'a',
    )
    await say(
      shopBot(store, (ctx) => ctx.session.basket.push('milk')),
      'b',
    )
    expect(await telegrafStore<Data>(chatsOf(store)).get('1:7')).toEqual({ basket: ['tea', 'milk'] })
    expect(await chatsOf(store).session('1:7').get('basket')).toEqual(['tea', 'milk'])
    expect(await telegrafStore<Data>(chatsOf(store)).get('1:8')).toBeUndefined()
  })

  test('overlapping turns of two bots are merged, also the first two of a chat', async () => {
    const stores = [open({ place: 'two-bots' }), open({ place: 'two-bots' })] as const
    await overlapping(stores, [
      (data) => void data.basket.push('tea'),
      (data) => void Object.assign(data, { name: 'Ann' }),
    ])
    expect(await chatsOf(stores[0]).session('1:7').get('name')).toBe('Ann')
    await overlapping(stores, [
      (data) => void data.basket.push('milk'),
      (data) => void Object.assign(data, { step: 'pay' }),
    ])
    expect(await telegrafStore<Data>(chatsOf(stores[1])).get('1:7')).toEqual({
      basket: ['tea', 'milk'],
      name: 'Ann',
      step: 'pay',
    })
  })

  test('overlapping turns of one bot share the session, and both changes are kept', async () => {
    const store = open()
    const waiting: (() => void)[] = []
    const bot = shopBot(store, async (ctx) => {
      if (waiting.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
      else for (const goOn of waiting) goOn()
      ctx.session.basket.push(ctx.text ?? '')
    })
    await Promise.all([say(bot, 'tea'), say(bot, 'milk')])
    const data = await telegrafStore<Data>(chatsOf(store)).get('1:7')
    expect(data?.basket.sort()).toEqual(['milk', 'tea'])
  })

  test('a session that another bot deleted meanwhile stays deleted', async () => {
    const store = open()
    const sessions = telegrafStore<Data>(chatsOf(store))
    await sessions.set('1:7', { basket: ['tea'] })
    await say(
      shopBot(store, async (ctx) => {
        ctx.session.step = 'pay'
        await sessions.delete('1:7')
      }),
      'a',
    )
    expect(await sessions.get('1:7')).toBeUndefined()
  })

  test('assigning a new object replaces the whole session, and undefined deletes it', async () => {
    const store = open()
    const sessions = telegrafStore<Data>(chatsOf(store))
    await sessions.set('1:7', { basket: ['tea'], step: 'pay' })
    await say(
      shopBot(store, (ctx) => {
        ctx.session = { basket: [] }
      }),
      'a',
    )
    expect(await sessions.get('1:7')).toEqual({ basket: [] })
    await say(
      shopBot(store, (ctx) => Object.assign(ctx, { session: undefined })),
      'b',
    )
    expect(await chatsOf(store).session('1:7').info()).toBeUndefined()
  })

  test('each turn that uses a session restarts its time to live, and no turn brings it back', async () => {
    let clock = Date.UTC(2026, 0)
    const store = open({ now: () => clock })
    const sessions = telegrafStore<Data>(chatsOf(store), { ttlSeconds: 60 })
    await sessions.set('1:7', { basket: [] })
    clock += 59_000
    await say(
      shopBot(store, (ctx) => ctx.session, { ttlSeconds: 60 }),
      'a',
    )
    clock += 59_000
    const late = await sessions.get('1:7')
    expect(late).toEqual({ basket: [] })
    clock += 2_000
    await sessions.set('1:7', late ?? { basket: ['never'] })
    expect(await sessions.get('1:7')).toBeUndefined()
  })

  test('any JSON value can be a session, under a key of any length', async () => {
    const sessions = telegrafStore<unknown>(chatsOf(open()))
    const keys = ['1:7', 'x'.repeat(600), `${'x'.repeat(600)}y`]
    for (const value of [0, '', false, 'text', [1, [2]], {}, { a: null }]) {
      for (const key of keys) await sessions.set(key, { key, value })
      for (const key of keys) expect(await sessions.get(key)).toEqual({ key, value })
      await sessions.set('1:8', value)
      expect(await sessions.get('1:8')).toEqual(value)
    }
    await sessions.set('1:7', { at: new Date(0), left: undefined, text: 'lone \ud800' })
    expect(await sessions.get('1:7')).toEqual({ at: '1970-01-01T00:00:00.000Z', text: 'lone \ufffd' })
  })
})

test('unknown options and invalid times to live are refused', () => {
  const namespace = chatsOf(memoryStore())
  expect(() => telegrafStore(namespace, { ttl: 60 } as never)).toThrow(/"ttl"/)
  expect(() => telegrafStore(namespace, { ttlSeconds: 1.5 })).toThrow(/ttlSeconds/)
})
