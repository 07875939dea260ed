// Ends the servers of a test process that is gone without having ended them, and removes their folders. Each line of
// its standard input, which ends with the test process however that ends, is "PID FOLDER", PID 0 for a server that does
// not run now, or "gone FOLDER".
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
    // It has ended meanwhile.
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
