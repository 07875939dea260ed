import type { Bot } from './conversation.ts'

/** Continues where the concierge stopped, without asking anything twice. */
export const billing: Bot = async (conversation, message) => {
  const { customer = 'you', turns = 0 } = await conversation.getMany(['customer', 'turns'])
  const invoice = /\d+/.exec(message)?.[0]
  if (invoice === undefined) return `Which invoice is it, ${customer}?`
  return `Invoice ${invoice} is corrected, ${customer}. That took ${turns} messages.`
}
