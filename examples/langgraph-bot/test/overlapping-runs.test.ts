import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('two processes that continue one thread at once lose nothing; with MemorySaver each has its own', () => {
  const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url))
  const said = execFileSync(process.execPath, [main], { encoding: 'utf8' }).trimEnd().split('\n')
  expect(said).toEqual([
    'MemorySaver, the memory of each process:',
    '  process 1 knows of: tea',
    '  process 2 knows of: milk',
    'ContextStoreSaver over one SQLite file:',
    '  process 1 knows of: milk, tea',
    '  process 2 knows of: milk, tea',
  ])
})
