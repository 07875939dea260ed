import { execFileSync } from 'node:child_process'
import { memoryStore } from '@context-store/memory'
import { expect, test } from 'vitest'

test('a call whose clock fails changes nothing, whatever it would have created', async () => {
  let time = 0
  const store = memoryStore({ now: () => time })
  const { sync } = store
  const kept = sync.account('kept').namespace('n').session('s')
  kept.patch({ a: 1, b: [1] }, { ttlSeconds: 60 })
  const before = kept.info()
  time = Number.NaN
  const refused = expect.objectContaining({ code: 'invalid-option' })
  for (const call of [
    () => sync.account('new').namespace('n').session('s').patch({ a: 1 }),
    () => sync.account('new').namespace('n').create({ ttlSeconds: 1 }),
    () => sync.account('kept').namespace('new').session('s').patch({}),
    () => sync.account('kept').namespace('n').session('new').patch({}, { ttlSeconds: 1 }),
    () => kept.patch({ a: 2 }),
    () => kept.patch({ b: 2 }, { ttlSeconds: 5 }),
    () => kept.patchIf({ a: 1 }, { a: 2 }),
    () => kept.update(['a'], () => ({ a: 2 })),
    () => kept.delete('a'),
    () => kept.clearIf({ a: 1 }),
  ]) {
    expect(call).toThrow(refused)
  }
  time = 0
  expect([...sync.accounts()]).toEqual(['kept'])
  expect([...sync.account('kept').namespaces()].map(({ name }) => name)).toEqual(['n'])
  expect([...sync.account('kept').namespace('n').sessions()]).toEqual([before])
  expect(kept.getAll()).toEqual({ a: 1, b: [1] })
})

test('the bytes of a session are available again, whichever way it ends', () => {
  let time = 0
  const namespaceOf = (store: ReturnType<typeof memoryStore>) => store.sync.account('a').namespace('n')
  const text = 'x'.repeat(10_000)
  const ways: readonly ((namespace: ReturnType<typeof namespaceOf>) => void)[] = [
    (namespace) => namespace.session('1').clear(),
    (namespace) => namespace.session('1').clearIf({ text }),
    (namespace) => namespace.session('1').delete('text'),
    (namespace) => namespace.delete(),
    (namespace) => {
      time += 60_000
      namespace.session('1').getAll()
    },
  ]
  for (const end of ways) {
    // Room for four such sessions.
    const namespace = namespaceOf(memoryStore({ maxBytes: 100_000, now: () => time }))
    for (let round = 0; round < 20; round++) {
      namespace.session('1').patch({ text }, { ttlSeconds: 60 })
      end(namespace)
    }
    for (const id of ['2', '3', '4', '5']) namespace.session(id).patch({ text })
    expect([...namespace.sessions()].map(({ id }) => id)).toEqual(['2', '3', '4', '5'])
  }
})

const churn = `
  import { memoryStore } from '@context-store/memory'
  const heap = () => { global.gc(); global.gc(); return process.memoryUsage().heapUsed }
  const store = memoryStore({ maxBytes: 2_000_000 })
  const before = heap()
  const handles = []
  for (let i = 0; i < 300; i++) {
    const session = store.sync.session({ account: 'a', namespace: 'n' + i, session: 's' })
    session.patch({ numbers: Array.from({ length: 20_000 }, (_, at) => at + 0.5) })
    handles.push(session)
  }
  console.log(Math.round((heap() - before) / 2 ** 20), handles.length)
`

test('removed sessions keep no values in memory, even if handles and listings refer to them', () => {
  const output = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', churn], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  // 300 sessions of 160 kB were written; the bound leaves a few.
  expect(Number(output.split(' ')[0])).toBeLessThan(8)
})

// The API does not show what a closed store still holds, so this measures the heap.
const program = `
  import { memoryStore } from '@context-store/memory'
  const heap = () => { global.gc(); global.gc(); return process.memoryUsage().heapUsed }
  const empty = heap()
  const store = memoryStore({ maxSessions: 100_000 })
  const namespace = store.sync.account('a').namespace('n')
  const handles = []
  for (let i = 0; i < 20_000; i++) {
    const session = namespace.session('s' + i)
    session.patch({ text: 'x'.repeat(1000) + i, nested: [{ i }] })
    if (i % 1000 === 0) handles.push(session)
  }
  const full = heap()
  await store.close()
  console.log(((heap() - empty) / (full - empty)).toFixed(3))
  await store.ready().catch((error) => console.log(error.code, handles.length))
`

test('a closed store keeps no data in memory, even if the program keeps the store and some handles', () => {
  const output = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  const [share, rest] = output.trim().split('\n')
  // The JavaScript engine's own code takes a few percent.
  expect(Number(share)).toBeLessThan(0.15)
  expect(rest).toBe('closed 20')
})
