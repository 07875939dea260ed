// One process of the bot. It answers messages from its parent process, which takes the place of the platform.
import { createMemoryState } from '@chat-adapter/state-memory'
import { chatSdkState } from '@context-store/chat-sdk'
import { sqliteStore } from '@context-store/sqlite'
import { Chat } from 'chat'
import { messageOf, platform } from './platform.mjs'

const [path] = process.argv.slice(2)
const store = path === undefined ? undefined : sqliteStore({ path })

const bot = new Chat({
  userName: 'shop',
  adapters: { offline: platform },
  // Without a store: the Chat SDK's own development state, in this process's memory.
  state: store ? chatSdkState(store.account('shop')) : createMemoryState(),
  // One message of a thread at a time; messages that arrive meanwhile are queued, and answered by the process that holds the lock.
  concurrency: 'queue',
  logger: 'silent',
})

bot.onNewMessage(/^buy /, async (thread, message) => {
  const { basket = [] } = (await thread.state) ?? {}
  await untilToldToGoOn()
  await thread.setState({ basket: [...basket, message.text.slice('buy '.length)] })
})
bot.onNewMessage(/^what/, async (thread) => {
  const { basket = [] } = (await thread.state) ?? {}
  const heard = []
  for await (const { text } of thread.allMessages) if (text.startsWith('buy')) heard.push(text)
  await thread.post(`basket: ${basket.join(', ')}; heard: ${heard.join(', ')}`)
})

/** Makes sure that the two turns overlap: this one has read the state, and waits until the parent tells it to continue. */
function untilToldToGoOn() {
  process.send({ hasRead: true })
  return goOn
}
const goOn = new Promise((resolve) => {
  process.on('message', (message) => message.goOn && resolve())
})

process.on('message', async ({ message }) => {
  if (message === undefined) return
  await bot.handleIncomingMessage(platform, message.threadId, messageOf(message))
  process.send({ done: true })
})
process.once('disconnect', async () => {
  await bot.shutdown()
  await store?.close()
})
await bot.initialize()
process.send({ ready: true })
