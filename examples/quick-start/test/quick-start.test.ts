import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

test('the concierge hands over to billing, which knows the customer’s name and the number of messages', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main])
  expect(stderr).toBe('')
  const lines = stdout.trimEnd().split('\n')
  const said = lines.map((line) => [line.slice(0, 9).trimEnd(), line.slice(11)])
  expect(said.slice(0, -1)).toEqual([
    ['customer', 'I was charged twice!'],
    ['concierge', 'Welcome. May I have your name?'],
    ['customer', 'Ada'],
    ['concierge', 'Thank you, Ada. Over to billing.'],
    ['customer', 'Can you help?'],
    ['billing', 'Which invoice is it, Ada?'],
    ['customer', 'It is invoice 1815.'],
    ['billing', 'Invoice 1815 is corrected, Ada. That took 4 messages.'],
  ])
  const [who, kept = ''] = said.at(-1) ?? []
  expect(who).toBe('store')
  expect(JSON.parse(kept)).toEqual({ owner: 'billing', customer: 'Ada', intent: 'billing', turns: 4 })
})
