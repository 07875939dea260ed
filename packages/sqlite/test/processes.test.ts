import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { temporaryFolder } from './temporary.ts'

const fixture = fileURLToPath(new URL('fixtures/patch-side-by-side.mjs', import.meta.url))

test('four processes that begin one file and patch one session lose nothing of each other', async () => {
  const path = join(temporaryFolder(), 'shared.db')
  const names = ['a', 'b', 'c', 'd']
  const ends = names.map((name) =>
    once(spawn(process.execPath, [fixture, path, name], { stdio: 'inherit' }), 'exit'),
  )
  expect(await Promise.all(ends)).toEqual(names.map(() => [0, null]))

  const store = sqliteStore({ path })
  const { turns, ...properties } = await store
    .session({ account: '1', namespace: 'orders', session: 'shared' })
    .getAll()
  expect(turns).toBe(4 * 25)
  const expected = names.flatMap((name) =>
    Array.from({ length: 16 }, (_, index) => [`${name}-${index}`, index]),
  )
  expect(properties).toEqual(Object.fromEntries(expected))
  await store.close()
})
