import { absent } from '@context-store/core'
import type { Bot } from './conversation.ts'

/** Finds out the customer's name and request, then hands the conversation over. */
export const concierge: Bot = async (conversation, message) => {
  const known = await conversation.getMany(['customer', 'intent', 'asked'])
  const customer = known.customer ?? (known.asked === 'name' ? message : undefined)
  const intent = known.intent ?? intentOf(message)

  if (customer === undefined) {
    await conversation.patch({ owner: 'concierge', asked: 'name', intent })
    return 'Welcome. May I have your name?'
  }
  if (intent === undefined) {
    await conversation.patch({ customer, asked: absent })
    return `What is it about, ${customer}?`
  }

  // One atomic write: the new owner sees everything that is known. If a second copy of this bot answers the same
  // message, its condition fails, and it changes nothing.
  const handover = await conversation.patchIf(
    { owner: 'concierge' },
    { owner: intent, customer, intent, asked: absent },
  )
  return handover.ok ? `Thank you, ${customer}. Over to ${intent}.` : `(${handover.current.owner} has it)`
}

function intentOf(message: string): 'billing' | undefined {
  return /bill|invoice|charged/i.test(message) ? 'billing' : undefined
}
