// Does what a new user does: runs `npm start`, pastes the curl line that it prints, and stops it.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const patienceMs = 180_000

const server = spawn('npm', ['start'], { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
const ended = once(server, 'exit')
// Whatever goes wrong, no process is left running.
process.on('exit', () => signal('SIGKILL'))
const giveUp = setTimeout(() => fail(`it did not end within ${patienceMs} ms`), patienceMs)

let output = ''
let pasted = false
server.stdout.setEncoding('utf8')
for await (const chunk of server.stdout) {
  output += chunk
  const line = /^(?:try:)?\s*(curl .+)\n/m.exec(output)?.[1]
  if (line === undefined || pasted) continue
  pasted = true
  const answer = spawnSync('sh', ['-c', `${line} --silent --show-error --fail --max-time 30`], {
    encoding: 'utf8',
  })
  if (answer.status !== 0) fail(`${line}\n${answer.error ?? answer.stderr}`)
  console.log(`${line}\n${answer.stdout || '(an empty response)'}`)
  signal('SIGTERM')
}
await ended
clearTimeout(giveUp)
if (!pasted) fail(`it ended without printing a curl line:\n${output}`)
console.log('npm start: it answered, and ended on SIGTERM')

function signal(name) {
  try {
    process.kill(-server.pid, name)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function fail(why) {
  console.error(`npm start: ${why}`)
  process.exit(1)
}
