// The agent: it keeps what was bought in a thread. It uses no model and no network.
import { ContextStoreError } from '@context-store/core'
import { Annotation, END, START, StateGraph } from '@langchain/langgraph'

// Adding an item twice has no effect, as with messages that have an id: a run that is refused halfway leaves the steps that it has
// written, and repeats them.
const Order = Annotation.Root({
  items: Annotation({ reducer: (all, more) => [...new Set([...all, ...more])], default: () => [] }),
})

/** `untilToldToGoOn` makes sure that runs overlap; your own agent does not need it. */
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
      // Another run has continued from the same checkpoint: start again from the newest.
      if (!ContextStoreError.is(error, 'conflict')) throw error
      await buy(item)
    }
  }
  return { buy, items: async () => (await graph.getState(config)).values.items ?? [] }
}
