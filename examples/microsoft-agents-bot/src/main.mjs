// Two overlapping turns of one conversation: in one process with the SDK's MemoryStorage, and in two processes over one SQLite file.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStorage } from '@microsoft/agents-hosting'
import { agent } from './agent.mjs'

const waiting = []
const inOneProcess = agent(new MemoryStorage(), () => new Promise((resolve) => waiting.push(resolve)))
const turns = [inOneProcess('buy tea'), inOneProcess('I-am Ann')]
while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve))
for (const goOn of waiting) {
  goOn()
  await new Promise((resolve) => setImmediate(resolve))
}
await Promise.all(turns)
console.log(`MemoryStorage of the SDK, one process: ${await inOneProcess('who?')}`)

const folder = mkdtempSync(join(tmpdir(), 'microsoft-agents-bot-'))
const [one, other] = [start(), start()]
const answers = [one.say('buy tea'), other.say('I-am Ann')]
await Promise.all([one.heard('hasRead'), other.heard('hasRead')])
one.goOn()
other.goOn()
await Promise.all(answers)
console.log(`agentsStorage over one SQLite file, two processes: ${await one.say('who?')}`)
await Promise.all([one.stop(), other.stop()])
rmSync(folder, { recursive: true })

function start() {
  const child = fork(new URL('process.mjs', import.meta.url), [join(folder, 'agent.db')])
  const heard = (what) =>
    new Promise((resolve) => {
      child.on('message', function listen(message) {
        if (message[what] === undefined) return
        child.off('message', listen)
        resolve(message[what])
      })
    })
  return {
    heard,
    say(text) {
      const answer = heard('answer')
      child.send({ text })
      return answer
    },
    goOn: () => child.send({ goOn: true }),
    stop() {
      child.disconnect()
      return once(child, 'exit')
    },
  }
}
