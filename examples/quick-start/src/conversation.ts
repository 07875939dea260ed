import type { Session } from '@context-store/core'

/** Everything that the bots share about one conversation. */
export interface Conversation {
  /** The bot that answers the next message. */
  owner: 'concierge' | 'billing'
  /** The question that the customer has not answered yet. */
  asked: 'name'
  customer: string
  intent: 'billing'
  /** The number of messages from the customer so far, for all bots. */
  turns: number
}

/** Answers a message, knowing only the message and the store. */
export type Bot = (conversation: Session<Conversation>, message: string) => Promise<string>
