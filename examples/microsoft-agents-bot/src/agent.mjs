// The agent: how it answers a message. It has no adapter, because it uses no network.
import { Activity } from '@microsoft/agents-activity'
import { ConversationState, TurnContext } from '@microsoft/agents-hosting'

/** `untilToldToGoOn` makes sure that turns overlap; your own agent does not need it. */
export function agent(storage, untilToldToGoOn) {
  const state = new ConversationState(storage)
  const order = state.createProperty('order')
  const profile = state.createProperty('profile')

  return async (text) => {
    const activity = { type: 'message', channelId: 'test', conversation: { id: '7' }, text }
    const context = new TurnContext({}, Activity.fromObject(activity))
    const [verb, word] = text.split(' ')
    if (verb === 'buy') {
      const { items } = await order.get(context, { items: [] })
      await untilToldToGoOn()
      await order.set(context, { items: [...items, word] })
    } else if (verb === 'I-am') {
      await profile.get(context)
      await untilToldToGoOn()
      await profile.set(context, { name: word })
    }
    await state.saveChanges(context)
    const { name = 'nobody' } = (await profile.get(context)) ?? {}
    const { items = [] } = (await order.get(context)) ?? {}
    return `${name} buys ${items.join() || 'nothing'}`
  }
}
