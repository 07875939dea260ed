import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startContextService } from '@context-store/rest/testing'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

// The bot as it is deployed, in a separate process; an environment variable has the double's URL.
test('the bot’s program takes an order', async () => {
  await using service = await startContextService()
  const bot = spawn(process.execPath, [main], {
    env: { ...process.env, CONTEXT_URL: service.url },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  bot.stdin.end('hello\nTea\nOslo\n')
  let said = ''
  bot.stdout.on('data', (text) => {
    said += text
  })
  const [code] = await once(bot, 'close')
  expect(code).toBe(0)
  expect(said).toBe('What would you like?\nTea, and where shall it go?\nTea goes to Oslo.\n')
  expect(service.requests.map(({ method }) => method)).toEqual([
    'GET',
    'PATCH',
    'GET',
    'PATCH',
    'GET',
    'DELETE',
  ])
})
