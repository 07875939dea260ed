// A chat platform without a network: its messages come from the parent process, and what the bot posts goes to it.
import { Message, parseMarkdown } from 'chat'

export const platform = {
  name: 'offline',
  userName: 'shop',
  // Like Telegram's, this platform cannot be asked for old messages: the Chat SDK keeps them in its state.
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
