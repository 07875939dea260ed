// A chat platform without a network: messages come from the parent process, and the bot's posts go to it.
import { Message, parseMarkdown } from 'chat'

export const platform = {
  name: 'offline',
  userName: 'shop',
  // Like Telegram, this platform does not return old messages, so the Chat SDK keeps them in its state.
  persistThreadHistory: true,
  async initialize() {},
  channelIdFromThreadId: (threadId) => threadId,
  fetchMessages: async () => ({ messages: [] }),
  async postMessage(threadId, text) {
    process.send({ said: text })
    return { id: crypto.randomUUID(), threadId, raw: null }
  },
}

export function messageOf({ id, threadId, text }) {
  return new Message({
    id,
    threadId,
    text,
    formatted: parseMarkdown(text),
    raw: null,
    author: { userId: '7', userName: 'ann', fullName: 'Ann', isBot: false, isMe: false },
    metadata: { dateSent: new Date(0), edited: false },
    attachments: [],
  })
}
