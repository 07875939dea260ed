// Two processes of one agent continue one thread at the same moment. Then both are asked what is in it.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'langgraph-bot-'))
await show('MemorySaver, the memory of each process', [])
await show('ContextStoreSaver over one SQLite file', [join(folder, 'agent.db')])
rmSync(folder, { recursive: true })

async function show(title, args) {
  console.log(`${title}:`)
  const agents = [start(args), start(args)]
  const isRunning = agents.map((agent) => agent.heard('isRunning'))
  const bought = agents.map((agent) => agent.heard('bought'))
  agents[0].send({ item: 'tea' })
  agents[1].send({ item: 'milk' })
  await Promise.all(isRunning)
  for (const agent of agents) agent.send({ goOn: true })
  await Promise.all(bought)
  for (const [index, agent] of agents.entries()) {
    const items = agent.heard('items')
    agent.send({ question: true })
    console.log(`  process ${index + 1} knows of: ${(await items).sort().join(', ')}`)
  }
  await Promise.all(agents.map((agent) => agent.stop()))
}

function start(args) {
  const child = fork(new URL('process.mjs', import.meta.url), args)
  return {
    send: (message) => child.send(message),
    heard: (what) =>
      new Promise((resolve) => {
        child.on('message', (message) => {
          if (message[what] !== undefined) resolve(message[what])
        })
      }),
    stop() {
      child.disconnect()
      return once(child, 'exit')
    },
  }
}
