// Kills the servers of a test process that ended without stopping them, and deletes their folders. Its standard input
// ends when the test process ends, for any reason. Each line is "PID FOLDER", with PID 0 for a server that is not running,
// or "gone FOLDER".
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const servers = new Map()
for await (const line of createInterface({ input: process.stdin })) {
  const space = line.indexOf(' ')
  const [state, folder] = [line.slice(0, space), line.slice(space + 1)]
  if (state === 'gone') servers.delete(folder)
  else servers.set(folder, Number(state))
}
for (const [folder, pid] of servers) {
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL')
  } catch {
    // It has already ended.
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
