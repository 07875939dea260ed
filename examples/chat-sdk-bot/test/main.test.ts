import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('two processes that answer one thread at once lose nothing; with state-memory they do', () => {
  const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url))
  const said = execFileSync(process.execPath, [main], { encoding: 'utf8' }).trimEnd().split('\n')
  expect(said).toEqual([
    '@chat-adapter/state-memory, the memory of each process:',
    '  process 1: basket: tea; heard: buy tea',
    '  process 2: basket: cake; heard: buy cake',
    'chatSdkState over one SQLite file:',
    '  process 1: basket: tea, cake; heard: buy tea, buy cake',
    '  process 2: basket: tea, cake; heard: buy tea, buy cake',
  ])
}, 30_000)
