import { createInterface } from 'node:readline'
import { answer } from './order-bot.ts'

// The bot on the command line: one line in, one line out.
for await (const line of createInterface({ input: process.stdin })) {
  console.log(await answer('terminal', line))
}
