// One process of the agent. It answers the messages that its parent process sends.
import { agentsStorage } from '@context-store/microsoft-agents'
import { sqliteStore } from '@context-store/sqlite'
import { agent } from './agent.mjs'

const [path] = process.argv.slice(2)
const store = sqliteStore({ path })
const answer = agent(agentsStorage(store.account('shop').namespace('state')), () => {
  process.send({ hasRead: true })
  return new Promise((resolve) => {
    process.on('message', ({ goOn }) => goOn && resolve())
  })
})

process.on('message', async ({ text }) => {
  if (text !== undefined) process.send({ answer: await answer(text) })
})
process.once('disconnect', () => store.close())
