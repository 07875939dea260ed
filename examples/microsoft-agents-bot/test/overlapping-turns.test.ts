import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('two processes that answer one conversation at once lose nothing; MemoryStorage loses a change in one process', () => {
  const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url))
  const said = execFileSync(process.execPath, [main], { encoding: 'utf8' }).trimEnd().split('\n')
  expect(said).toEqual([
    'MemoryStorage of the SDK, one process: Ann buys nothing',
    'agentsStorage over one SQLite file, two processes: Ann buys tea',
  ])
})
