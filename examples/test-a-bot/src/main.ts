import { createInterface } from 'node:readline'
import { answer } from './order-bot.ts'

// The bot on the command line: a line in, a line out.
for await (const line of createInterface({ input: process.stdin })) {
  console.log(await answer('terminal', line))
}
