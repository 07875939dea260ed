import { memoryStore } from '@context-store/memory'
import { billing } from './billing.ts'
import { concierge } from './concierge.ts'
import type { Bot, Conversation } from './conversation.ts'

const bots: { readonly [name in Conversation['owner']]: Bot } = { concierge, billing }

const store = memoryStore()
const conversation = store.account('577089').namespace<Conversation>('conversations').session('c1')

for (const message of ['I was charged twice!', 'Ada', 'Can you help?', 'It is invoice 1815.']) {
  say('customer', message)
  await conversation.update(['turns'], ({ turns = 0 }) => ({ turns: turns + 1 }))

  // Any process with this store could answer: the bots keep no data of their own.
  const owner = (await conversation.get('owner')) ?? 'concierge'
  say(owner, await bots[owner](conversation, message))
}

say('store', JSON.stringify(await conversation.getAll()))
await store.close()

function say(who: string, text: string): void {
  console.log(`${who.padEnd(9)}  ${text}`)
}
