// Serves the page, and a double of the service that the page sends to.
import { createInterface } from 'node:readline'
import { serveApp } from './serve-app.mjs'

const app = await serveApp({ port: Number(process.env.PORT ?? 8090) })
console.log(`The shop is at ${app.url}, the service at ${app.service.url}. Press Ctrl+C to stop both.`)

const commands = {
  off: () => app.service.fault({ reset: true, times: 1_000_000 }),
  on: () => app.service.reset(app.service.snapshot()),
  refuse: () => app.refuse(413, 4),
  'sign-out': () => app.refuse(401, 1_000_000),
  show: () => console.log(JSON.stringify(app.service.snapshot(), undefined, 2)),
}
const words = Object.keys(commands).join(', ')
console.log(`Switch the network off in the browser's developer tools, or here. Commands: ${words}.`)

for await (const line of createInterface({ input: process.stdin })) {
  const command = commands[line.trim()]
  if (command === undefined) console.log(`Unknown command. Commands: ${words}.`)
  else {
    command()
    console.log('done')
  }
}
