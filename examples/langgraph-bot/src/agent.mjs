// The agent: it keeps what was bought in a thread. It calls no model and reaches no network.
import { ContextStoreError } from '@context-store/core'
import { Annotation, END, START, StateGraph } from '@langchain/langgraph'

// An item that is there already is not added again, as a message of the same id is not: a run that is refused in the middle has
// left what it did until then, and does it again.
const Order = Annotation.Root({
  items: Annotation({ reducer: (all, more) => [...new Set([...all, ...more])], default: () => [] }),
})

/** `untilToldToGoOn` makes runs overlap for certain; an agent of yours has no such thing. */
export function agent(checkpointer, untilToldToGoOn) {
  const config = { configurable: { thread_id: 'order-7' } }
  const graph = new StateGraph(Order)
    .addNode('reserve', async () => {
      await untilToldToGoOn()
      return {}
    })
    .addEdge(START, 'reserve')
    .addEdge('reserve', END)
    .compile({ checkpointer })

  async function buy(item) {
    try {
      await graph.invoke({ items: [item] }, config)
    } catch (error) {
      // Another run has gone on from the checkpoint that this one began with: begin with the newest.
      if (!ContextStoreError.is(error, 'conflict')) throw error
      await buy(item)
    }
  }
  return { buy, items: async () => (await graph.getState(config)).values.items ?? [] }
}
