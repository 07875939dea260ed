import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('two processes that serve one session at once lose nothing; MemoryStore loses a change and revives a session after its logout', () => {
  const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url))
  const said = execFileSync(process.execPath, [main], { encoding: 'utf8' }).trimEnd().split('\n')
  expect(said).toEqual([
    'express-session’s own MemoryStore, one process:',
    '  bought and paid at once: {"name":"ann","basket":["tea"]}',
    '  after the logout: {"name":"ann","basket":["tea","milk"]}',
    'ExpressSessions over one SQLite file, two processes:',
    '  bought and paid at once: {"name":"ann","basket":["tea"],"step":"pay"}',
    '  after the logout: {}',
  ])
})
