// Opens `count` connections, prints a line when all are open, and exits when all have ended.
import { once } from 'node:events'
import { connect } from 'node:net'

const [host, port, count] = process.argv.slice(2)

for (let left = Number(count); left > 0; left -= 200) {
  const sockets = Array.from({ length: Math.min(left, 200) }, () => connect(Number(port), host))
  for (const socket of sockets) socket.resume()
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  for (const socket of sockets) socket.on('error', () => undefined)
}
process.stdout.write('connected\n')
