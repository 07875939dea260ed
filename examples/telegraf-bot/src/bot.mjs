// One process of the bot: it answers the messages that its parent sends it as Telegram would.
import { sqliteStore } from '@context-store/sqlite'
import { telegrafStore } from '@context-store/telegraf'
import { session, Telegraf } from 'telegraf'

const [path] = process.argv.slice(2)
const store = path === undefined ? undefined : sqliteStore({ path })

const initial = () => ({ basket: [] })

const bot = new Telegraf('1:offline')
bot.botInfo = { id: 1, is_bot: true, first_name: 'Shop', username: 'shop_bot' }
// Without a store: Telegraf's own, in this process's memory.
bot.use(
  session(
    store
      ? { store: telegrafStore(store.account('shop').namespace('chats'), { initial }) }
      : { defaultSession: initial },
  ),
)

bot.hears(/^buy (.+)/, async (ctx) => {
  ctx.session.basket.push(ctx.match[1])
  await untilTheOtherHasRead()
})
bot.hears(/^I am (.+)/, async (ctx) => {
  ctx.session.name = ctx.match[1]
  await untilTheOtherHasRead()
})
bot.hears('what do you know?', (ctx) =>
  say(`${ctx.session.name ?? 'nobody'} buys ${ctx.session.basket.join() || 'nothing'}`),
)

/** No network: what the bot says goes to the parent. */
function say(text) {
  process.send({ said: text })
}

/** Makes the two turns overlap for certain: this one has read its session, and goes on when the other has. */
function untilTheOtherHasRead() {
  process.send({ hasRead: true })
  return new Promise((resolve) => {
    process.on('message', ({ goOn }) => goOn && resolve())
  })
}

process.on('message', async ({ update }) => {
  if (update === undefined) return
  await bot.handleUpdate(update)
  process.send({ done: true })
})
process.once('disconnect', () => store?.close())
