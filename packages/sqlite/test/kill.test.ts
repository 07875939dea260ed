import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { BetterSqlite3 } from './drivers.ts'
import { temporaryFolder } from './temporary.ts'

const fixture = fileURLToPath(new URL('fixtures/write-until-killed.mjs', import.meta.url))
const seed = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 2 ** 31))
const rounds = 50

/** Lets a process write and kills it at the acknowledgement of that number; gives what was acknowledged. */
async function writeAndKill(path: string, first: number, acknowledgements: number): Promise<number[]> {
  const child = spawn(process.execPath, [fixture, path, `${first}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const acknowledged: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    // A last line that was cut off by the kill is a smaller number, acknowledged long before.
    acknowledged.push(Number(line))
    if (acknowledged.length === acknowledgements) child.kill('SIGKILL')
  }
  expect(await exit).toEqual([null, 'SIGKILL'])
  return acknowledged
}

test(`kill -9 at ${rounds} moments (KILL_SEED=${seed}) takes no acknowledged write and halves none`, async () => {
  const path = join(temporaryFolder(), 'killed.db')
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const acknowledged: number[] = []
  let first = 1
  for (let round = 0; round < rounds; round++) {
    const numbers = await writeAndKill(path, first, 1 + random(60))
    acknowledged.push(...numbers)
    const store = sqliteStore({ path })
    const namespace = store.sync.account('1').namespace('orders')
    for (const number of numbers) {
      expect(namespace.session(`${number}`).getMany(['number', 'twin'])).toEqual({ number, twin: number })
    }
    let highest = 0
    for (const { id } of namespace.sessions()) {
      const session = namespace.session(id).getAll()
      expect(session.twin).toBe(session.number)
      if (id === 'latest') continue
      expect(session).toEqual({ number: Number(id), twin: Number(id), text: 'x'.repeat(2000) })
      highest = Math.max(highest, Number(id))
    }
    await store.close()
    first = highest + 1
  }

  const database = new BetterSqlite3(path)
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  const rows = database.prepare('SELECT id FROM context_sessions').all() as { id: string }[]
  const ids = new Set(rows.map(({ id }) => id))
  expect(acknowledged.filter((number) => !ids.has(`${number}`))).toEqual([])
  database.close()
})
