import { Bot, type Context } from 'grammy'
import type { Update } from 'grammy/types'

/** A bot that uses no network: every call of the Bot API returns `true`. */
export function offlineBot<C extends Context>(): Bot<C> {
  const bot = new Bot<C>('1:offline', {
    botInfo: {
      id: 1,
      is_bot: true,
      first_name: 'Shop',
      username: 'shop_bot',
      can_join_groups: true,
      can_read_all_group_messages: false,
      supports_inline_queries: false,
      can_connect_to_business: false,
      has_main_web_app: false,
    } as Bot<C>['botInfo'],
  })
  bot.api.config.use(async () => ({ ok: true, result: true as never }))
  return bot
}

let updates = 0

/** A message of one user to a chat. */
export function messageOf(chat: number, text: string): Update {
  const from = { id: 1, is_bot: false, first_name: 'Ann' }
  return {
    update_id: ++updates,
    message: {
      message_id: updates,
      date: 0,
      chat: { id: chat, type: 'private', first_name: 'Ann' },
      from,
      text,
    },
  } as Update
}
