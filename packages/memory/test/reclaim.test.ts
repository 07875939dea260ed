import { execFileSync } from 'node:child_process'
import { memoryStore } from '@context-store/memory'
import { expect, test } from 'vitest'

// The API does not show expired sessions, so this measures the heap to see whether they still take memory.
const program = `
  import { memoryStore } from '@context-store/memory'
  let now = 0
  const store = memoryStore({ now: () => now })
  const namespace = store.sync.account('a').namespace('n')
  const text = 'x'.repeat(1000)
  for (let i = 0; i < 50_000; i++) namespace.session('s' + i).patch({ text: text + i }, { ttlSeconds: 1 })
  global.gc()
  const full = process.memoryUsage().heapUsed
  now = 2000
  for (let i = 0; i < 6_400; i++) namespace.session('other').patch({ i })
  global.gc()
  console.log((process.memoryUsage().heapUsed / full).toFixed(2))
  console.log([...namespace.sessions()].length)
`

test('the memory of expired sessions is freed without a timer that keeps the process alive', () => {
  const output = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  const [share, listed] = output.trim().split('\n').map(Number)
  expect(share).toBeLessThan(0.3)
  expect(listed).toBe(1)
})

test('a listing repeats and misses no session while expired sessions are reclaimed', () => {
  let now = 0
  const namespace = memoryStore({ now: () => now })
    .sync.account('a')
    .namespace('n')
  for (let i = 0; i < 500; i++) namespace.session(`s${i}`).patch({ i }, i % 2 === 0 ? {} : { ttlSeconds: 1 })
  const seen: string[] = []
  for (const { id } of namespace.sessions()) {
    seen.push(id)
    now = 2000
    namespace.session('busy').patch({ now })
  }
  const staying = seen.filter((id) => Number(id.slice(1)) % 2 === 0)
  expect(staying).toHaveLength(250)
  expect(new Set(seen).size).toBe(seen.length)
})
