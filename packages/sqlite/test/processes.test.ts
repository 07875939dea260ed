import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { temporaryFolder } from './temporary.ts'

const names = ['a', 'b', 'c', 'd']
const address = { account: '1', namespace: 'orders', session: 'shared' }

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

test('four processes that patch one session of one file lose no write', async () => {
  const path = join(temporaryFolder(), 'shared.db')
  const script = fixture('patch-side-by-side.mjs')
  const ends = names.map((name) =>
    once(spawn(process.execPath, [script, path, name], { stdio: 'inherit' }), 'exit'),
  )
  expect(await Promise.all(ends)).toEqual(names.map(() => [0, null]))

  const store = sqliteStore({ path })
  const { turns, ...properties } = await store.session(address).getAll()
  expect(turns).toBe(4 * 25)
  const expected = names.flatMap((name) =>
    Array.from({ length: 16 }, (_, index) => [`${name}-${index}`, index] as const),
  )
  expect(properties).toEqual(Object.fromEntries(expected))
  await store.close()
})

test('processes that create a file at the same time wait for each other', async () => {
  const folder = temporaryFolder()
  const children = names.map((name) =>
    spawn(process.execPath, [fixture('begin-files.mjs'), name], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  const answers = children.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]())
  for (let file = 0; file < 20; file++) {
    const path = join(folder, `${file}.db`)
    for (const child of children) child.stdin.write(`${path}\n`)
    const answered = await Promise.all(answers.map(async (lines) => (await lines.next()).value))
    expect(answered).toEqual(names.map(() => 'done'))
    const store = sqliteStore({ path })
    expect(await store.session(address).getAll()).toEqual(
      Object.fromEntries(names.map((name) => [name, true])),
    )
    await store.close()
  }
  const ends = children.map((child) => once(child, 'exit'))
  for (const child of children) child.stdin.end()
  await Promise.all(ends)
})
