import { forgetOrder, readOrder, writeOrder } from './order-context.ts'

/** Takes an order in three messages. It keeps no data in the process, so any process can answer the next message. */
export async function answer(conversation: string, message: string): Promise<string> {
  try {
    const { step = 0, item } = await readOrder(conversation)
    if (step === 0) {
      await writeOrder(conversation, { step: 1 })
      return 'What would you like?'
    }
    if (step === 1) {
      await writeOrder(conversation, { step: 2, item: message })
      return `${message}, and where shall it go?`
    }
    await forgetOrder(conversation)
    return `${item} goes to ${message}.`
  } catch {
    return 'Sorry, something is wrong here. Please say that again.'
  }
}
