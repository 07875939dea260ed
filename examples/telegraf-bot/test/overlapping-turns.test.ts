import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('two processes that answer one chat at once lose nothing; with Telegraf’s own sessions they do', () => {
  const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url))
  const said = execFileSync(process.execPath, [main], { encoding: 'utf8' }).trimEnd().split('\n')
  expect(said).toEqual([
    'Telegraf’s own store, the memory of each process:',
    '  process 1 knows: nobody buys tea',
    '  process 2 knows: Ann buys nothing',
    'telegrafStore over one SQLite file:',
    '  process 1 knows: Ann buys tea',
    '  process 2 knows: Ann buys tea',
  ])
})
