// One process of the agent. It buys the items that its parent process sends.
import { ContextStoreSaver } from '@context-store/langgraph'
import { sqliteStore } from '@context-store/sqlite'
import { MemorySaver } from '@langchain/langgraph-checkpoint'
import { agent } from './agent.mjs'

const [path] = process.argv.slice(2)
const store = path === undefined ? undefined : sqliteStore({ path })
const checkpointer = store
  ? new ContextStoreSaver(store.account('agent'), { singleWriter: true })
  : new MemorySaver()

let isFirstRun = true
const { buy, items } = agent(checkpointer, () => {
  if (!isFirstRun) return
  isFirstRun = false
  process.send({ isRunning: true })
  return new Promise((resolve) => {
    process.on('message', ({ goOn }) => goOn && resolve())
  })
})

process.on('message', async ({ item, question }) => {
  if (item !== undefined) {
    await buy(item)
    process.send({ bought: item })
  } else if (question) process.send({ items: await items() })
})
process.once('disconnect', () => store?.close())
