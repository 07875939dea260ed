import type { Session } from '@context-store/core'

/** All that the bots share about one conversation. */
export interface Conversation {
  /** The bot whose turn it is. */
  owner: 'concierge' | 'billing'
  /** The question that waits for an answer. */
  asked: 'name'
  customer: string
  intent: 'billing'
  /** Messages of the customer so far, whoever answered them. */
  turns: number
}

/** Answers a message, with nothing to go by but the message and the store. */
export type Bot = (conversation: Session<Conversation>, message: string) => Promise<string>
