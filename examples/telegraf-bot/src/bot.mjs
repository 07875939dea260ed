// One process of the bot. It answers messages from its parent process, which takes the place of Telegram.
import { sqliteStore } from '@context-store/sqlite'
import { telegrafStore } from '@context-store/telegraf'
import { session, Telegraf } from 'telegraf'

const [path] = process.argv.slice(2)
const store = path === undefined ? undefined : sqliteStore({ path })

const initial = () => ({ basket: [] })

const bot = new Telegraf('1:offline')
bot.botInfo = { id: 1, is_bot: true, first_name: 'Shop', username: 'shop_bot' }
// Without a store: Telegraf's own store, in this process's memory.
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

/** Sends the bot's answer to the parent process instead of the network. */
function say(text) {
  process.send({ said: text })
}

/** Makes sure that the two turns overlap: this one has read its session, and waits until the other has, too. */
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
