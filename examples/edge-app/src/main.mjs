// Serves the page, and beside it a double of the service that it sends to.
import { createInterface } from 'node:readline'
import { serveApp } from './serve-app.mjs'

const app = await serveApp({ port: Number(process.env.PORT ?? 8090) })
console.log(`The shop is at ${app.url}, the service at ${app.service.url}. Ctrl+C ends both.`)
console.log(
  `Switch the network off in the browser's developer tools, or here: enter "off", "on", "refuse" or "show".`,
)

for await (const line of createInterface({ input: process.stdin })) {
  const word = line.trim()
  if (word === 'off') app.service.fault({ reset: true, times: 1_000_000 })
  else if (word === 'refuse') app.refuse(413, 4)
  else if (word === 'on') app.service.reset(app.service.snapshot())
  else if (word === 'show') console.log(JSON.stringify(app.service.snapshot(), undefined, 2))
  else console.log('off, on, refuse or show')
}
