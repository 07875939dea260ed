import { chatSdkState } from '@context-store/chat-sdk'
import type { ContextStore } from '@context-store/core'
import { type Adapter, Chat, Message, parseMarkdown, type Thread } from 'chat'
import { expect, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'

/** The parts of a platform's adapter that the bots use. Like Telegram's, it leaves the history to the state. */
const platform = {
  name: 'offline',
  userName: 'shop',
  persistThreadHistory: true,
  initialize: async () => {},
  channelIdFromThreadId: (threadId: string) => threadId,
  fetchMessages: async () => ({ messages: [] }),
} as unknown as Adapter

function messageOf(id: string): Message {
  return new Message({
    id,
    threadId: 'offline:7',
    text: id,
    formatted: parseMarkdown(id),
    raw: null,
    author: { userId: 'u', userName: 'ann', fullName: 'Ann', isBot: false, isMe: false },
    metadata: { dateSent: new Date(0), edited: false },
    attachments: [],
  })
}

type Handler = (thread: Thread<{ seen?: string[] }>, message: Message) => Promise<void>

onEachStore((open) => {
  async function botOn(store: ContextStore, handler: Handler): Promise<(id: string) => Promise<void>> {
    const bot = new Chat<{ offline: Adapter }, { seen?: string[] }>({
      userName: 'shop',
      adapters: { offline: platform },
      state: chatSdkState(store.account('bot')),
      concurrency: 'queue',
      logger: 'silent',
    })
    bot.onNewMessage(/.*/, handler)
    await bot.initialize()
    return (id) => bot.handleIncomingMessage(platform, 'offline:7', messageOf(id))
  }

  test('the bot that holds the lock also handles the messages that the other bot receives meanwhile, each message once', async () => {
    const place = crypto.randomUUID()
    let hasBegun = () => {}
    let goOn = () => {}
    const began = new Promise<void>((resolve) => {
      hasBegun = resolve
    })
    const mayGoOn = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const histories: string[][] = []
    const handlerOf =
      (name: string): Handler =>
      async (thread, message) => {
        const { seen = [] } = (await thread.state) ?? {}
        hasBegun()
        await mayGoOn
        await thread.setState({ seen: [...seen, `${name} ${message.text} of ${message.author.userName}`] })
        const history: string[] = []
        for await (const { text } of thread.allMessages) history.push(text)
        histories.push(history)
      }
    const store = open({ place })
    const one = await botOn(store, handlerOf('one'))
    const other = await botOn(open({ place }), handlerOf('other'))
    const first = one('m1')
    await began
    await other('m2')
    await other('m1')
    goOn()
    await first
    await other('m2')
    await other('m3')

    const state = chatSdkState(store.account('bot'))
    await state.connect()
    expect(await state.get('thread-state:offline:7')).toEqual({
      seen: ['one m1 of ann', 'one m2 of ann', 'other m3 of ann'],
    })
    expect(histories.at(-1)).toEqual(['m1', 'm2', 'm3'])
    expect(await state.acquireLock('offline:7', 1000)).not.toBeNull()
    expect(await state.queueDepth('offline:7')).toBe(0)
  })
})
